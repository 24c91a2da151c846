// The data that the service is born with: always the same for the same sizes.
#pragma once

#include "sandbox/records.hpp"

namespace fairlead::sandbox {

/// Fills `records`, which are empty. Throws Refused when they have no room for it.
void plant(Records& records, const SeedSizes& sizes);

}  // namespace fairlead::sandbox
