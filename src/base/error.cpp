#include "base/error.hpp"

namespace fairlead {

Error invalid_field(std::string field, std::string message, std::string code) {
  Error error{ErrorKind::invalid_input, message};
  error.fields.push_back({std::move(field), std::move(message), std::move(code)});
  return error;
}

}  // namespace fairlead
