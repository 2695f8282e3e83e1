# Reads a license with Ruby's OpenSSL alone: ruby read_license.rb PUBLIC_KEY.pem < LICENSE
# Writes the payload's bytes; exits 1 if the text is not a license made with that key pair.
require "json"
require "openssl"

begin
  text = $stdin.binmode.read.split(/^-*BEGIN .+? LICENSE-*\r?$/n).last.split(/^-*END .+? LICENSE-*\r?$/n).first
  data, key, iv = JSON.parse(text.unpack1("m")).values_at("data", "key", "iv").map { |part| part.unpack1("m") }
  cipher = OpenSSL::Cipher.new("aes-128-cbc").decrypt
  cipher.key = OpenSSL::PKey::RSA.new(File.read(ARGV.fetch(0))).public_decrypt(key)
  cipher.iv = iv
  $stdout.binmode.write(cipher.update(data) + cipher.final)
rescue StandardError => e
  abort "not a license made with this key pair: #{e.message}"
end
