#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "tally/import/draft.h"
#include "tally/import/env_file.h"
#include "tally/import/types.h"
#include "tools/fuzz/input.h"

namespace tallyman::tally {
namespace {

// Lines are in order, and each is a variable or a note.
void TestEnvFile(const ImportFile& file, bool has_comments) {
  Notes notes;
  int last = 0;
  for (const EnvLine& line : ParseEnvFile(file, has_comments, notes)) {
    CHECK_GT(line.line, last);
    last = line.line;
  }
  for (const ImportNote& note : notes.Take()) {
    fuzz::CheckMessage(note.message);
    CHECK_GE(note.line, 1);
  }
}

}  // namespace
}  // namespace tallyman::tally

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tallyman::tally::ImportFile file = {
      .name = ".env",
      .text = std::string(tallyman::fuzz::Input(data, size).rest())};
  tallyman::tally::TestEnvFile(file, true);
  tallyman::tally::TestEnvFile(file, false);
  return 0;
}
