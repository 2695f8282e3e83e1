"""How each service outside AWS is called, one module each; and the e-mail."""
