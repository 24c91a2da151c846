#include "vault/key_cache.hpp"

namespace fairlead::vault {
namespace {

constexpr auto longest_idle = std::chrono::minutes(5), longest_life = std::chrono::minutes(30);

}  // namespace

void KeyCache::Part::remove(Entries::iterator entry) {
  index.erase({entry->organization, entry->version});
  entries.erase(entry);
}

std::shared_ptr<OrganizationKey> KeyCache::find(const OrganizationId& organization,
                                                std::int64_t version, Instant now) {
  Part& part = part_of(organization);
  const std::lock_guard lock(part.mutex);
  const auto found = part.index.find({organization.str(), version});
  if (found == part.index.end()) return nullptr;
  const auto entry = found->second;
  if (now - entry->used_at > longest_idle || now - entry->put_at > longest_life) {
    part.remove(entry);
    return nullptr;
  }
  entry->used_at = now;
  part.entries.splice(part.entries.begin(), part.entries, entry);
  return entry->key;
}

void KeyCache::put(const OrganizationId& organization, std::int64_t version,
                   std::shared_ptr<OrganizationKey> key, Instant now) {
  Part& part = part_of(organization);
  const std::lock_guard lock(part.mutex);
  if (const auto found = part.index.find({organization.str(), version}); found != part.index.end())
    part.remove(found->second);
  part.entries.push_front({organization.str(), version, std::move(key), now, now});
  part.index.emplace(Name{part.entries.front().organization, version}, part.entries.begin());
  // What is not asked for any more goes here: the least recently used are last.
  while (part.entries.size() > keys_per_part || now - part.entries.back().used_at > longest_idle)
    part.remove(std::prev(part.entries.end()));
}

void KeyCache::forget(const OrganizationId& organization) {
  Part& part = part_of(organization);
  const std::lock_guard lock(part.mutex);
  for (auto entry = part.entries.begin(); entry != part.entries.end();) {
    const auto next = std::next(entry);
    if (entry->organization == organization.str()) part.remove(entry);
    entry = next;
  }
}

}  // namespace fairlead::vault
