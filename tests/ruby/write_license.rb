# Writes a license with Ruby's OpenSSL alone, under a given AES key and IV (both in hexadecimal):
# ruby write_license.rb PRIVATE_KEY.pem AES_KEY IV < PAYLOAD.json
require "json"
require "openssl"

private_key = OpenSSL::PKey::RSA.new(File.read(ARGV.fetch(0)))
aes_key, iv = ARGV.values_at(1, 2).map { |hex| [hex].pack("H*") }
cipher = OpenSSL::Cipher.new("aes-128-cbc").encrypt
cipher.key = aes_key
cipher.iv = iv
payload = JSON.parse($stdin.binmode.read)
parts = {
  "data" => cipher.update(JSON.dump(payload)) + cipher.final,
  "key" => private_key.private_encrypt(aes_key),
  "iv" => iv
}
$stdout.write([JSON.dump(parts.transform_values { |part| [part].pack("m") })].pack("m"))
