// A whole platform for tests: SQLite in memory, a vault with a root key of its own, two
// organizations with a client each, and the small service that connectors call.
#pragma once

#include "access/access.hpp"
#include "platform/platform.hpp"
#include "store/clients.hpp"
#include "store/organizations.hpp"
#include "support/harbor_upstream.hpp"
#include "support/source_text.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/use_future.hpp>

#include <fstream>
#include <future>
#include <optional>
#include <sstream>

namespace fairlead::testing {

/// Who calls: an organization's client.
struct Tenant {
  OrganizationId organization = OrganizationId::random();
  ClientId client = ClientId::random();
  std::string client_secret;
};

class PlatformUnderTest {
 public:
  explicit PlatformUnderTest(platform::PlatformOptions options = {})
      : catalogue({{"test-harbor", source_text("src/platform/testdata/harbor.yaml"),
                    "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"}}) {
    workers.start();
    database = store::open_sqlite({.path = folder.file("core.db")});
    run(store::migrate(*database));
    vault::RootKeyOptions root_key;
    root_key.file = folder.file("root.key");
    vault = run(vault::Vault::open(*database, root_key, clock));
    first = run(make_first());
    access = run(access::Access::open(*database, *vault, clock, {.public_url = public_url}));
    second = run(make_second());
    platform = std::make_unique<platform::Platform>(services_on(*database),
                                                    workers.loop(0).get_executor(), options);
    run(platform->recover());
    upstream.accept(good_key);
  }
  ~PlatformUnderTest() {
    upstream.release();
    if (platform) run(platform->stop());
    workers.stop();
    workers.join();
  }

  /// On the first loop, from the test's thread.
  template <class T>
  T run(Task<T> task) {
    if constexpr (std::is_void_v<T>)
      asio::co_spawn(workers.loop(0), std::move(task), asio::use_future).get();
    else
      return *start(std::move(task)).get();
  }
  /// Begins it on the first loop; the future holds the answer, never nothing.
  template <class T>
  std::future<std::optional<T>> start(Task<T> task) {
    return asio::co_spawn(workers.loop(0), held(std::move(task)), asio::use_future);
  }
  /// A future wants what it can make before there is an answer.
  template <class T>
  static Task<std::optional<T>> held(Task<T> task) {
    co_return co_await std::move(task);
  }

  /// What this platform is made of, but for the database.
  platform::Services services_on(store::Database& other) {
    return {.database = other,
            .vault = *vault,
            .access = *access,
            .catalogue = catalogue,
            .engine = engine,
            .clock = clock,
            .connect_to = upstream.endpoint()};
  }
  /// What this platform is made of, but for the service that its connectors call.
  platform::Services services_with(net::Endpoint service) {
    platform::Services services = services_on(*database);
    services.connect_to = std::move(service);
    return services;
  }

  static constexpr const char* public_url = "https://fairlead.example";
  static constexpr const char* good_key = "harbor-key-canary";

  TemporaryFolder folder;
  SystemClock clock;
  net::Workers workers{2};
  HarborUpstream upstream{workers};
  std::unique_ptr<store::Database> database;
  std::unique_ptr<vault::Vault> vault;
  std::unique_ptr<access::Access> access;
  connector::Catalogue catalogue;
  net::HttpClient client{{.egress = net::EgressPolicy::unrestricted()}};
  connector::Engine engine{client};
  std::unique_ptr<platform::Platform> platform;
  Tenant first, second;

 private:
  Task<Tenant> make_first() {
    access::InitCommand command{.admin_email = "ada@example.com",
                                .admin_password = Secret("correct horse battery staple"),
                                .organization_name = "First"};
    auto made = (co_await access::initialize(*database, *vault, clock, std::move(command))).value();
    co_return Tenant{made.organization_id, made.client_id,
                     std::string(made.client_secret.reveal())};
  }

  Task<Tenant> make_second() {
    Tenant tenant;
    co_await database->write([this, &tenant](store::Connection& connection) {
      store::insert_organization(connection, {tenant.organization, "Second", clock.now()});
      vault->create_organization_key(connection, tenant.organization);
    });
    const auto admin = access::LocalAdmin::of(tenant.organization);
    auto made = (co_await access->clients().create(admin, "second", access::Role::admin)).value();
    tenant.client = made.client_id;
    tenant.client_secret = std::string(made.client_secret.reveal());
    co_return tenant;
  }
};

}  // namespace fairlead::testing
