#include <cstddef>
#include <cstdint>

#include "tally/import/import_fuzz.h"
#include "tally/import/types.h"
#include "tools/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::tally::CheckImport(tallyman::tally::ImportFormat::kSupervisord,
                               "supervisord.conf",
                               tallyman::fuzz::Input(data, size).rest());
  return 0;
}
