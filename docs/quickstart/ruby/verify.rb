require "openssl"

# Whether `body` was signed with `secret` within `tolerance` seconds of `now`.
def verify(secret, header, body, now = Time.now.to_i, tolerance = 300)
  elements = header.to_s.split(",").map { |element| element.split("=", 2) }
  values = ->(wanted) { elements.filter_map { |name, value| value if name == wanted } }
  times = values.("t")
  return false unless times.length == 1 && times[0].match?(/\A[0-9]{1,15}\z/)

  expected = OpenSSL::HMAC.hexdigest("SHA256", secret, "#{times[0]}.".b + body.b)
  # In constant time.
  matches = values.("v1").map { |given| OpenSSL.secure_compare(given, expected) }
  matches.any? && (now - times[0].to_i).abs <= tolerance
end
