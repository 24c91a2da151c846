#include "server/setup_code.hpp"

#include "base/task.hpp"
#include "server/state.hpp"

#include <fmt/format.h>

#include <fstream>

namespace fairlead::server {

bool SetupCode::maintain() {
  const std::lock_guard lock(mutex_);
  if (run_to_end(setup_.check_claimed())) {
    std::filesystem::remove(file_);
    return false;
  }
  if (run_to_end(setup_.has_live_code())) return false;
  renew();
  return true;
}

std::string SetupCode::url() {
  const std::lock_guard lock(mutex_);
  Secret code = read();
  if (code.empty() || !run_to_end(setup_.is_live_code(code.duplicate()))) code = renew();
  return fmt::format("{}/setup#{}", origin_, code.reveal());
}

Secret SetupCode::read() const {
  std::ifstream file(file_, std::ios::binary);
  std::string text;
  std::getline(file, text);
  return Secret(text);
}

Secret SetupCode::renew() {
  Secret code = run_to_end(setup_.create_code()).value();
  const std::filesystem::path fresh = file_.string() + ".new";
  std::filesystem::remove(fresh);
  write_private_file(fresh, fmt::format("{}\n", code.reveal()));
  std::filesystem::rename(fresh, file_);
  return code;
}

}  // namespace fairlead::server
