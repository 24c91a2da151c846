// The code of the set-up page, kept in the file `setup-code` of the state folder (0600) until the
// installation has its first organization.
#pragma once

#include "access/setup.hpp"

#include <filesystem>
#include <mutex>
#include <string>

namespace fairlead::server {

/// Safe to use from any thread but those of the event loops: it waits for the database.
class SetupCode {
 public:
  /// `origin` is where people reach the server.
  SetupCode(access::Setup& setup, const std::filesystem::path& state_dir, std::string origin)
      : setup_(setup), file_(state_dir / "setup-code"), origin_(std::move(origin)) {}

  /// Sees to it that there is a code that works while nothing is set up, and no file afterwards; to
  /// be called about every second. True when it made a new code.
  bool maintain();
  /// The address of the set-up page with the code behind the '#'. When the code in the file no
  /// longer works (another server of the same database may have made a newer one) a new one is
  /// made. Throws Failure(conflict) when everything is set up.
  std::string url();

 private:
  Secret read() const;
  Secret renew();

  access::Setup& setup_;
  const std::filesystem::path file_;
  const std::string origin_;
  std::mutex mutex_;
};

}  // namespace fairlead::server
