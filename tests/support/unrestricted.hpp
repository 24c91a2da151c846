// A client for tests: their services stand on loopback, which the policy refuses otherwise.
#pragma once

#include "net/http_client.hpp"

namespace fairlead::testing {

inline net::HttpClient::Options unrestricted() {
  net::HttpClient::Options options;
  options.egress = net::EgressPolicy::unrestricted();
  return options;
}

}  // namespace fairlead::testing
