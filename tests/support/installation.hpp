// A whole installation in a test: a database, a vault with its root key, and access, at a clock
// that stands still.
#pragma once

#include "access/access.hpp"
#include "store/organizations.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

#include <memory>
#include <string>
#include <utility>

namespace fairlead::testing {

inline constexpr const char* public_url = "https://fairlead.example.com";

class Installation {
 public:
  explicit Installation(std::unique_ptr<DatabasePlace> place = make_place<MemoryPlace>())
      : place_(std::move(place)) {
    database_ = place_->open();
    run_to_end(store::migrate(*database_));
    open_parts();
  }

  store::Database& database() { return *database_; }
  vault::Vault& vault() { return *vault_; }
  access::Access& access() { return *access_; }
  FakeClock& clock() { return clock_; }

  /// As after the end of the program and a new start.
  void restart() {
    access_.reset();
    vault_.reset();
    if (place_->outlives_its_process()) {
      database_.reset();
      database_ = place_->open();
    }
    open_parts();
  }
  /// Another server on the same database. Ends before this installation does.
  std::unique_ptr<access::Access> another_server() {
    return run_to_end(access::Access::open(*database_, *vault_, clock_, {public_url}));
  }

  /// The first organization, by `initialize`.
  access::InitResult initialize() {
    return run_to_end(
               access::initialize(*database_, *vault_, clock_,
                                  {"admin@example.com", Secret("four random words here"), "Acme"}))
        .value();
  }
  /// A further organization with an admin's client.
  access::InitResult add_organization(const std::string& name) {
    const OrganizationId id = OrganizationId::random();
    run_to_end(database_->write([&](store::Connection& c) {
      store::insert_organization(c, {id, name, clock_.now()});
      vault_->create_organization_key(c, id);
    }));
    auto made = run_to_end(access_->clients().create(access::LocalAdmin::of(id), "first",
                                                     access::Role::admin))
                    .value();
    return {made.client_id, std::move(made.client_secret), id};
  }

  std::string application_token(const access::InitResult& client) {
    return run_to_end(access_->tokens().application_token(
                          client.client_id.str(), client.client_secret.duplicate(), "127.0.0.1"))
        .value()
        .access_token;
  }
  access::Caller caller(const access::InitResult& client) {
    return authenticate(application_token(client));
  }
  access::Caller authenticate(const std::string& token) {
    return run_to_end(access_->authenticator().authenticate_with_reload(token)).value();
  }
  std::string scoped_token(const access::Caller& caller, const std::string& workspace) {
    return run_to_end(access_->tokens().scoped_token(
                          caller, access::WorkspaceName::parse(workspace).value()))
        .value();
  }
  std::string widget_token(const access::Caller& caller, const std::string& workspace,
                           const std::string& origin) {
    return run_to_end(access_->tokens().widget_token(
                          caller, access::WorkspaceName::parse(workspace).value(),
                          access::WidgetOrigin::parse(origin).value()))
        .value();
  }

 private:
  void open_parts() {
    vault_ = run_to_end(vault::Vault::open(
        *database_, {vault::RootKeyProvider::file, folder_.file("root.key")}, clock_));
    access_ = run_to_end(access::Access::open(*database_, *vault_, clock_, {public_url}));
  }

  TemporaryFolder folder_;
  FakeClock clock_{parse_rfc3339("2026-11-22T12:00:00Z").value()};
  std::unique_ptr<DatabasePlace> place_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<access::Access> access_;
};

}  // namespace fairlead::testing
