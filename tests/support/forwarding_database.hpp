// A database in front of another, for tests that look at what is asked of it or meddle with what it
// answers.
#pragma once

#include "store/database.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead::testing {

/// Says what `inner` says; who derives from it decides in submit() what becomes of transactions.
/// `inner` outlives it.
class ForwardingDatabase : public store::Database {
 public:
  explicit ForwardingDatabase(store::Database& inner) : inner_(inner) {}

  std::string_view kind() const override { return inner_.kind(); }
  Task<void> forget_deleted() override { return inner_.forget_deleted(); }
  std::string file() const override { return inner_.file(); }
  Task<void> back_up(std::string path) override { return inner_.back_up(std::move(path)); }

 protected:
  /// A transaction of the inner one.
  Task<void> forward(Mode mode, std::function<void(store::Connection&)> work) {
    return mode == Mode::read ? inner_.read(std::move(work)) : inner_.write(std::move(work));
  }

 private:
  store::Database& inner_;
};

}  // namespace fairlead::testing
