// What the tests of access on every database share.
#pragma once

#include "access/access.hpp"
#include "support/installation.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead::access {

inline WorkspaceName name(std::string_view text) { return WorkspaceName::parse(text).value(); }

template <class T>
std::string code_of(const Result<T>& result) {
  if (result) return "none";
  return result.error().code.empty() ? std::to_string(static_cast<int>(result.error().kind))
                                     : result.error().code;
}
template <class T>
ErrorKind kind_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorKind::internal : result.error().kind;
}

/// An installation on the database of the case; instantiated in access_test.cpp.
class AccessContract : public ::testing::TestWithParam<fairlead::testing::DatabaseKind> {
 protected:
  AccessContract() : house_(GetParam().make()) {}

  template <class T>
  static T run(Task<T> task) {
    return run_to_end(std::move(task));
  }
  Result<InitResult> init(std::string email, std::string_view password, std::string organization) {
    return run(initialize(house_.database(), house_.vault(), house_.clock(),
                          {std::move(email), Secret(password), std::move(organization)}));
  }
  Result<ApplicationToken> exchange(const std::string& id, std::string_view secret,
                                    const std::string& address = "192.0.2.1") {
    return run(house_.access().tokens().application_token(id, Secret(secret), address));
  }
  Result<Caller> authenticate(const std::string& token) {
    return run(house_.access().authenticator().authenticate_with_reload(token));
  }
  std::int64_t count(const std::string& table) {
    return run(house_.database().read(
                   [&](store::Connection& c) { return c.query("SELECT count(*) FROM " + table); }))
        .at(0)
        .integer(0);
  }
  access::Setup& setup() { return house_.access().setup(); }
  Secret setup_code() { return run(setup().create_code()).value(); }
  static Secret good_password() { return Secret("four random words here"); }
  Result<InitResult> claim(const Secret& code, const std::string& address = "192.0.2.1") {
    return run(
        setup().claim(code.duplicate(), {"ada@example.com", good_password(), "Acme"}, address));
  }
  Result<Recovered> recover(const Secret& code,
                            std::string_view password = "other random words here",
                            const std::string& address = "192.0.2.1") {
    return run(setup().recover(code.duplicate(), Secret(password), address));
  }
  std::string password_hash() {
    return run(house_.database().read([](store::Connection& c) {
             return c.query("SELECT password_hash FROM member");
           }))
        .at(0)
        .text(0);
  }
  Workspaces& workspaces() { return house_.access().workspaces(); }
  Clients& clients() { return house_.access().clients(); }

  fairlead::testing::Installation house_;
};

}  // namespace fairlead::access
