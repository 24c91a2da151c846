#include "platform/platform.hpp"

#include "store/organizations.hpp"

namespace fairlead::platform {
namespace {

constexpr std::chrono::hours outcomes_kept{24};

}  // namespace

struct Platform::Impl {
  Impl(Services given, asio::any_io_executor loop, PlatformOptions wanted)
      : services(std::move(given)), options(wanted), log(services, std::move(loop)) {}

  Services services;
  PlatformOptions options;
  ConnectorCache cache{services};
  Renewals renewals;
  Idempotency idempotency{services};
  ToolCallLog log;
  Connectors connectors{services, cache, renewals, idempotency};
  Executor executor{services, cache, renewals, log, idempotency, options.limits};
  CatalogueView catalogue{services};
  Skills skills{services, cache};

  Task<std::vector<OrganizationId>> organizations() {
    co_return co_await services.database.read(
        [](store::Connection& connection) { return store::list_organization_ids(connection); });
  }
};

Platform::Platform(Services services, asio::any_io_executor loop, PlatformOptions options)
    : impl_(std::make_unique<Impl>(std::move(services), std::move(loop), options)) {}
Platform::~Platform() = default;

Connectors& Platform::connectors() { return impl_->connectors; }
Executor& Platform::executor() { return impl_->executor; }
CatalogueView& Platform::catalogue() { return impl_->catalogue; }
Skills& Platform::skills() { return impl_->skills; }
ToolCallLog& Platform::tool_calls() { return impl_->log; }
access::Access& Platform::access() { return impl_->services.access; }

Task<void> Platform::recover() {
  const auto organizations = co_await impl_->organizations();
  for (const OrganizationId& organization : organizations) {
    co_await impl_->log.recover(organization);
    co_await impl_->connectors.finish_jobs(organization);
  }
}

Task<bool> Platform::tidy(Deadline until) {
  const Instant now = impl_->services.clock.now();
  const auto organizations = co_await impl_->organizations();
  for (const OrganizationId& organization : organizations) {
    const Instant calls_before = now - impl_->options.tool_calls_kept;
    while (co_await impl_->log.forget_some(organization, calls_before))
      if (until.passed()) co_return true;
    while (co_await impl_->idempotency.forget_some(organization, now - outcomes_kept))
      if (until.passed()) co_return true;
  }
  co_return false;
}

Task<void> Platform::stop() { co_await impl_->log.stop(); }

Task<bool> Platform::is_ready() { co_return co_await impl_->services.database.is_writable(); }

}  // namespace fairlead::platform
