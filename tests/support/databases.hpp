// The databases that a contract suite runs on: INSTANTIATE_TEST_SUITE_P(Drivers, Suite,
// ::testing::ValuesIn(every_database()), &name_of_database) with a TestWithParam<DatabaseKind>.
#pragma once

#include "store/database.hpp"
#include "support/private_postgres.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace fairlead::testing {

/// Where one test's own database is.
class DatabasePlace {
 public:
  virtual ~DatabasePlace() = default;
  /// Opens it; again: the same one, as after a restart of the program.
  virtual std::unique_ptr<store::Database> open() = 0;
  /// Not so in memory.
  virtual bool outlives_its_process() const { return true; }
};

class SqlitePlace final : public DatabasePlace {
 public:
  std::unique_ptr<store::Database> open() override { return store::open_sqlite({.path = path()}); }
  std::string path() const { return folder_.file("core.db"); }

 private:
  TemporaryFolder folder_;
};

class MemoryPlace final : public DatabasePlace {
 public:
  std::unique_ptr<store::Database> open() override {
    return store::open_sqlite({.path = ":memory:"});
  }
  bool outlives_its_process() const override { return false; }
};

class PostgresPlace final : public DatabasePlace {
 public:
  std::unique_ptr<store::Database> open() override { return store::open_postgres({.url = url_}); }
  const std::string& url() const { return url_; }

 private:
  std::string url_ = PrivatePostgres::instance().new_database();
};

struct DatabaseKind {
  const char* name;
  std::unique_ptr<DatabasePlace> (*make)();
};
inline void PrintTo(const DatabaseKind& kind, std::ostream* out) { *out << kind.name; }

template <class Place>
std::unique_ptr<DatabasePlace> make_place() {
  return std::make_unique<Place>();
}
inline std::vector<DatabaseKind> every_database() {
  return {{"sqlite", &make_place<SqlitePlace>},
          {"memory", &make_place<MemoryPlace>},
          {"postgres", &make_place<PostgresPlace>}};
}
inline std::string name_of_database(const ::testing::TestParamInfo<DatabaseKind>& info) {
  return info.param.name;
}

}  // namespace fairlead::testing
