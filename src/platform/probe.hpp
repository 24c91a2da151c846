// Trying credentials: the definition's health check, and what its answer means for a connector.
#pragma once

#include "platform/services.hpp"

namespace fairlead::platform {

struct Probe {
  enum class Verdict {
    accepted,
    refused,      ///< the service said that these credentials will not do
    unreachable,  ///< no usable answer; the credentials may be good
    denied,       ///< the same, for good: the egress policy lets nothing go there
    skipped       ///< the definition has nothing to try with
  };
  Verdict verdict = Verdict::skipped;
  std::string message;  ///< empty when accepted
  std::string entity, action;
  int upstream_status = 0;
};

Task<Probe> probe(Services& services, const connector::Definition& definition,
                  connector::ConfigValues config, std::string auth_scheme,
                  connector::CredentialSource& credentials, std::string pool, Deadline deadline);

}  // namespace fairlead::platform
