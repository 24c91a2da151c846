// Identifiers: lowercase UUIDs, one C++ type per kind of thing.
#pragma once

#include "base/error.hpp"

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace fairlead {

/// A random (version 4) UUID in its canonical lowercase form.
std::string random_uuid();
/// Accepts any case; answers lowercase; nullopt when it is not a UUID.
std::optional<std::string> canonical_uuid(std::string_view text);

/// A UUID that names one kind of thing; ids of different kinds do not mix.
template <class Kind>
class Id {
 public:
  static Id random() { return Id(random_uuid()); }
  static Result<Id> parse(std::string_view text) {
    if (auto uuid = canonical_uuid(text)) return Id(*std::move(uuid));
    return invalid_field(Kind::name, std::string(Kind::name) + " must be a UUID", "uuid");
  }
  /// For text that this server wrote itself (a database row, a verified token).
  static Id trusted(std::string text) { return Id(std::move(text)); }

  const std::string& str() const noexcept { return text_; }
  auto operator<=>(const Id&) const = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

using OrganizationId = Id<struct OrganizationKind>;
using WorkspaceId = Id<struct WorkspaceKind>;
using ConnectorId = Id<struct ConnectorKind>;
using ClientId = Id<struct ClientKind>;
using MemberId = Id<struct MemberKind>;
using DefinitionId = Id<struct DefinitionKind>;

struct OrganizationKind {
  static constexpr const char* name = "organization_id";
};
struct WorkspaceKind {
  static constexpr const char* name = "workspace_id";
};
struct ConnectorKind {
  static constexpr const char* name = "connector_id";
};
struct ClientKind {
  static constexpr const char* name = "client_id";
};
struct MemberKind {
  static constexpr const char* name = "member_id";
};
struct DefinitionKind {
  static constexpr const char* name = "definition_id";
};

}  // namespace fairlead

template <class Kind>
struct std::hash<fairlead::Id<Kind>> {
  std::size_t operator()(const fairlead::Id<Kind>& id) const noexcept {
    return std::hash<std::string>()(id.str());
  }
};
