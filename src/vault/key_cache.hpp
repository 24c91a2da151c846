// Unwrapped organization keys: the most recently used 10,000, none unused for 5 minutes, none older
// than 30.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"

#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace fairlead::vault {

struct OrganizationKey {
  Secret key;
  std::string id;
  std::int64_t version = 1;
  /// How many encryptions may be made before more have to be reserved in the database.
  std::atomic<std::int64_t> reserved{0};
};

/// Safe to use from any thread; split, so that organizations seldom wait for each other.
class KeyCache {
 public:
  /// Version 0 stands for the active one.
  std::shared_ptr<OrganizationKey> find(const OrganizationId& organization, std::int64_t version,
                                        Instant now);
  void put(const OrganizationId& organization, std::int64_t version,
           std::shared_ptr<OrganizationKey> key, Instant now);
  void forget(const OrganizationId& organization);

 private:
  static constexpr std::size_t part_count = 16, keys_per_part = 10'000 / part_count;
  struct Entry {
    std::string organization;
    std::int64_t version;
    std::shared_ptr<OrganizationKey> key;
    Instant put_at, used_at;
  };
  using Entries = std::list<Entry>;  // most recently used first
  struct Name {
    std::string_view organization;
    std::int64_t version;
    bool operator==(const Name&) const = default;
  };
  struct NameHash {
    std::size_t operator()(const Name& name) const noexcept {
      return std::hash<std::string_view>()(name.organization) ^
             static_cast<std::size_t>(name.version) * 0x9e3779b97f4a7c15u;
    }
  };
  struct Part {
    std::mutex mutex;
    Entries entries;
    std::unordered_map<Name, Entries::iterator, NameHash> index;  // its names live in the entries
    void remove(Entries::iterator entry);
  };
  Part& part_of(const OrganizationId& organization) {
    return parts_[std::hash<OrganizationId>()(organization) % part_count];
  }
  std::array<Part, part_count> parts_;
};

}  // namespace fairlead::vault
