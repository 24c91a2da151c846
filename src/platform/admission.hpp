// How many executes run at a time: in all, for an organization, a workspace, a connector. What does
// not fit waits a little, first come first served, and is then turned away.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "platform/wakeup.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <mutex>
#include <unordered_map>

namespace fairlead::platform {

struct AdmissionLimits {
  std::size_t in_all = 512;
  std::size_t per_organization = 64;
  std::size_t per_workspace = 32;
  std::size_t per_connector = 8;
  std::size_t waiting = 256;
  std::chrono::milliseconds wait{2'000};
};

/// Safe to use from any loop.
class Admission {
 public:
  explicit Admission(AdmissionLimits limits) : limits_(limits) {}

  /// The right to run one execute; given back when it ends.
  class Place {
   public:
    Place(Place&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)), keys_(std::move(other.keys_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (admission_) admission_->leave(keys_);
    }

   private:
    friend class Admission;
    using Keys = std::array<std::string, 3>;  ///< organization, workspace, connector
    Place(Admission& admission, Keys keys) : admission_(&admission), keys_(std::move(keys)) {}
    Admission* admission_;
    Keys keys_;
  };

  /// `connector_most`: what the connector's service bears at a time, below per_connector; 0: not
  /// known. Errors: rate_limited after the wait, or at once when too many wait already.
  Task<Result<Place>> enter(OrganizationId organization, WorkspaceId workspace,
                            ConnectorId connector, Deadline deadline,
                            std::size_t connector_most = 0);

  std::size_t running() const;

 private:
  using Keys = Place::Keys;
  struct Waiter {
    Keys keys;
    std::size_t connector_most;
    std::shared_ptr<Wakeup> wakeup;
    bool admitted = false;
  };

  std::array<std::size_t, 3> limits(std::size_t connector_most) const {
    const std::size_t per_connector = connector_most == 0
                                          ? limits_.per_connector
                                          : std::min(connector_most, limits_.per_connector);
    return {limits_.per_organization, limits_.per_workspace, per_connector};
  }
  bool take(const Keys& keys, std::size_t connector_most);
  void leave(const Keys& keys);

  const AdmissionLimits limits_;
  mutable std::mutex mutex_;
  std::size_t running_ = 0;
  std::array<std::unordered_map<std::string, std::size_t>, 3> counts_;
  std::list<std::shared_ptr<Waiter>> waiting_;
};

}  // namespace fairlead::platform
