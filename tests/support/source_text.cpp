#include "support/source_text.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fairlead::testing {

std::string text_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string source_text(const std::string& path) {
  std::string text = text_of_file(FAIRLEAD_SOURCE_DIR "/" + path);
  if (text.empty()) throw std::runtime_error("no such file in the repository: " + path);
  return text;
}

}  // namespace fairlead::testing
