// Any text as a URL: what is accepted reads the same again, and its host can be judged.
#include "net/egress_policy.hpp"
#include "net/url.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)net::Endpoint::parse_loopback(text);
  (void)net::EgressPolicy::with_exceptions({std::string(text)});
  const auto url = net::Url::parse(text);
  if (!url) return 0;
  const auto again = net::Url::parse(url->str());
  if (!again || again->str() != url->str() || !again->same_origin(*url)) std::abort();
  (void)net::EgressPolicy::public_only().refusal(url->host, url->host, url->port, url->https);
  return 0;
}
