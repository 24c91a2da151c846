#include "access/authenticator.hpp"

#include "access/epochs.hpp"
#include "access/jwt.hpp"
#include "access/signing_keys.hpp"
#include "access/tokens.hpp"
#include "base/digest.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <unordered_map>

namespace fairlead::access {
namespace {

constexpr auto verified_for = std::chrono::seconds(60);
constexpr std::int64_t future_leeway = 30;  // seconds
constexpr std::string_view unknown_key = "unknown signing key";

Error refused(std::string code, std::string message, std::string detail = {}) {
  return {ErrorKind::unauthenticated, std::move(message), std::move(code), {}, std::move(detail)};
}
Error invalid_token(std::string_view detail) {
  return refused("token_invalid", "the access token is not valid; get a new one",
                 std::string(detail));
}

std::optional<CallerKind> kind_of(std::string_view name) {
  for (const auto kind : {CallerKind::application, CallerKind::scoped, CallerKind::widget})
    if (name == name_of(kind)) return kind;
  return std::nullopt;
}

std::int64_t seconds_of(Instant instant) {
  return std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
}

}  // namespace

std::string_view name_of(CallerKind kind) {
  switch (kind) {
    case CallerKind::application:
      return "app";
    case CallerKind::scoped:
      return "scoped";
    case CallerKind::widget:
      return "widget";
  }
  return "";
}

std::string_view name_of(Role role) { return role == Role::admin ? "admin" : "member"; }

Caller LocalAdmin::of(OrganizationId organization) {
  const auto nobody = ClientId::trusted("00000000-0000-0000-0000-000000000000");
  return Caller(std::make_shared<const Caller::Facts>(
      Caller::Facts{std::move(organization), std::nullopt, CallerKind::application, Role::admin,
                    nobody, "", "", std::nullopt}));
}

bool is_allowed(const Caller& caller, Right right) {
  const bool application = caller.kind() == CallerKind::application;
  const bool widget = caller.kind() == CallerKind::widget;
  switch (right) {
    case Right::mint_tokens:
    case Right::list_workspaces:
      return application;
    case Right::administer_workspaces:
    case Right::administer_organization:
      return application && caller.role() == Role::admin;
    case Right::manage_connectors:
    case Right::list_connectors:
    case Right::read_definitions:
      return true;
    case Right::read_connectors:
    case Right::execute:
    case Right::read_tool_calls:
      return !widget;
  }
  return false;
}

Result<Done> check_right(const Caller& caller, Right right) {
  if (is_allowed(caller, right)) return Done{};
  std::string message = "a " + std::string(name_of(caller.kind())) + " token may not do this";
  if (caller.kind() == CallerKind::application)
    message = "this client's role is " + std::string(name_of(caller.role())) +
              "; only an admin may do this";
  else if (right == Right::execute || right == Right::read_connectors ||
           right == Right::read_tool_calls)
    message += "; use a scoped or application token";
  else
    message += "; use an application token";
  return Error{ErrorKind::forbidden, std::move(message)};
}

struct Authenticator::Impl {
  Impl(SigningKeys& its_keys, Epochs& its_epochs, const Clock& its_clock, std::string its_issuer)
      : keys(its_keys),
        epochs(its_epochs),
        clock(its_clock),
        issuer(std::move(its_issuer)),
        audience(issuer + "/api") {}

  /// A token whose signature and claims were found good.
  struct Verified {
    std::string signed_part;  ///< header and payload; no credential without the signature
    std::shared_ptr<const Caller::Facts> facts;
    std::int64_t issued_at, not_before, expires_at;
    EpochNumbers epochs;
    Instant verified_at;
    /// The state of revocations that the token was last found good under.
    mutable std::atomic<std::int64_t> good_at_clock{-1};
  };

  /// Verified tokens by the SHA-256 of their signature, which is short. When the young half is full
  /// the old half is dropped, so memory is bounded and what is in use stays.
  struct Part {
    static constexpr std::size_t half = 1024;
    struct Hash {
      std::size_t operator()(const Sha256& digest) const noexcept {
        std::size_t start = 0;
        std::memcpy(&start, digest.data(), sizeof start);
        return start;
      }
    };
    using Tokens = std::unordered_map<Sha256, std::shared_ptr<const Verified>, Hash>;
    std::mutex mutex;
    Tokens young, old;

    std::shared_ptr<const Verified> find(const Sha256& digest) {
      const std::lock_guard lock(mutex);
      if (const auto found = young.find(digest); found != young.end()) return found->second;
      const auto found = old.find(digest);
      if (found == old.end()) return nullptr;
      auto verified = found->second;
      keep(digest, verified);
      return verified;
    }
    void put(const Sha256& digest, std::shared_ptr<const Verified> verified) {
      const std::lock_guard lock(mutex);
      keep(digest, std::move(verified));
    }

   private:
    void keep(const Sha256& digest, std::shared_ptr<const Verified> verified) {
      if (young.size() >= half) {
        old = std::move(young);
        young.clear();
      }
      young.insert_or_assign(digest, std::move(verified));
    }
  };

  SigningKeys& keys;
  Epochs& epochs;
  const Clock& clock;
  const std::string issuer, audience;
  std::array<Part, 16> parts;

  /// Signature and claims; not the time and not the revocations.
  Result<std::shared_ptr<const Verified>> verify(std::string_view bearer, Instant now) const;
  Result<Caller> admit(const std::shared_ptr<const Verified>& verified, Instant now) const;
};

Result<std::shared_ptr<const Authenticator::Impl::Verified>> Authenticator::Impl::verify(
    std::string_view bearer, Instant now) const {
  const auto token = parse_token(bearer);
  if (!token) return invalid_token("not a token of ours");
  switch (keys.check(*token)) {
    case SigningKeys::Verdict::unknown_key:
      return invalid_token(unknown_key);
    case SigningKeys::Verdict::bad:
      return invalid_token("signature");
    case SigningKeys::Verdict::good:
      break;
  }
  auto claims = read_claims(token->payload);
  if (!claims) return invalid_token("claims");
  if (claims->issuer != issuer) return invalid_token("iss");
  if (claims->audience != audience) return invalid_token("aud");
  const auto kind = kind_of(claims->kind);
  if (!kind) return invalid_token("tt");
  const bool application = *kind == CallerKind::application;
  auto organization = OrganizationId::parse(claims->organization);
  auto client = ClientId::parse(claims->client_id);
  std::optional<WorkspaceId> workspace;
  if (auto parsed = WorkspaceId::parse(claims->workspace)) workspace = *std::move(parsed);
  // An application token has no workspace, the others have one; only widget tokens have an origin.
  if (!organization || !client || (application ? !claims->workspace.empty() : !workspace) ||
      (*kind == CallerKind::widget) == claims->origin.empty())
    return invalid_token("org, client_id, ws or ori");
  if (application ? claims->scope != "admin" && claims->scope != "member"
                  : claims->scope != claims->kind)
    return invalid_token("scope");

  auto verified = std::make_shared<Verified>();
  verified->signed_part = bearer.substr(0, bearer.rfind('.'));
  verified->facts = std::make_shared<const Caller::Facts>(
      Caller::Facts{*std::move(organization), std::move(workspace), *kind,
                    claims->scope == "admin" ? Role::admin : Role::member, *std::move(client),
                    std::move(claims->token_id), std::move(claims->origin), claims->epochs});
  verified->issued_at = claims->issued_at;
  verified->not_before = claims->not_before;
  verified->expires_at = claims->expires_at;
  verified->epochs = claims->epochs;
  verified->verified_at = now;
  return std::shared_ptr<const Verified>(std::move(verified));
}

Result<Caller> Authenticator::Impl::admit(const std::shared_ptr<const Verified>& verified,
                                          Instant now) const {
  const std::int64_t second = seconds_of(now);
  if (verified->expires_at <= second)
    return refused("token_expired", "the access token has expired; get a new one");
  if (verified->issued_at > second + future_leeway || verified->not_before > second + future_leeway)
    return invalid_token("from the future");
  if (epochs.is_stale())
    return Error{ErrorKind::unavailable, "the server cannot read its revocations now; try again",
                 "epochs_stale"};
  const std::int64_t state = epochs.clock();
  if (verified->good_at_clock.load(std::memory_order_acquire) != state) {
    const Caller::Facts& facts = *verified->facts;
    const EpochNumbers least =
        epochs.of(facts.organization.str(), facts.client.str(),
                  facts.workspace ? std::string_view(facts.workspace->str()) : "");
    // A higher number is from a server that knows of a later revocation than we do.
    for (std::size_t i = 0; i < least.size(); ++i)
      if (verified->epochs[i] < least[i])
        return refused("token_revoked", "the access token was revoked; get a new one");
    verified->good_at_clock.store(state, std::memory_order_release);
  }
  return Caller(verified->facts);
}

Authenticator::Authenticator(SigningKeys& keys, Epochs& epochs, const Clock& clock,
                             std::string issuer)
    : impl_(std::make_unique<Impl>(keys, epochs, clock, std::move(issuer))) {}
Authenticator::~Authenticator() = default;

Result<Caller> Authenticator::authenticate(std::string_view bearer) {
  if (bearer.empty() || bearer.size() > most_token_bytes) return invalid_token("length");
  const Instant now = impl_->clock.now();
  const std::string_view signed_part = bearer.substr(0, bearer.rfind('.'));
  const Sha256 digest = sha256(bearer.substr(signed_part.size()));
  Impl::Part& part = impl_->parts[digest.back() % impl_->parts.size()];
  auto verified = part.find(digest);
  if (!verified || verified->signed_part != signed_part ||
      now - verified->verified_at > verified_for || now < verified->verified_at) {
    auto fresh = impl_->verify(bearer, now);
    if (!fresh) return std::move(fresh).error();
    verified = *std::move(fresh);
    part.put(digest, verified);
  }
  return impl_->admit(verified, now);
}

bool Authenticator::may_succeed_after_reload(const Error& error) {
  return error.code == "epochs_stale" ||
         (error.code == "token_invalid" && error.detail == unknown_key);
}

Task<Result<Caller>> Authenticator::authenticate_with_reload(std::string bearer) {
  auto first = authenticate(bearer);
  if (first || !may_succeed_after_reload(first.error())) co_return first;
  const bool stale = first.error().code == "epochs_stale";
  try {
    if (stale)
      co_await impl_->epochs.poll();
    else
      co_await impl_->keys.reload_for_unknown_key();
  } catch (const Failure&) {
    co_return Error{ErrorKind::unavailable, "the server cannot check tokens now; try again",
                    "epochs_stale"};
  }
  co_return authenticate(bearer);
}

}  // namespace fairlead::access
