#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/log/check.h"
#include "platform/base/text.h"
#include "tally/top/model/input.h"
#include "tally/top/tty/input_parser.h"

namespace tallyman::tally {
namespace {

void CheckInput(const Input& input) {
  const auto* const key = std::get_if<Key>(&input);
  if (key == nullptr || key->code != KeyCode::kText) return;
  // A character goes into a search that is shown.
  CHECK(!key->text.empty());
  CHECK(!base::FindInvalidUtf8(key->text));
  CHECK(!base::FindControl(key->text));
}

// How a terminal's bytes are split into reads makes no difference.
void TestPieces(std::string_view bytes) {
  InputParser whole;
  InputParser pieces;
  const std::vector<Input> expected = whole.Parse(bytes);
  std::vector<Input> inputs;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const Input& input : pieces.Parse(bytes.substr(i, 1))) {
      inputs.push_back(input);
    }
  }
  CHECK(inputs == expected);
  CHECK_EQ(pieces.is_pending(), whole.is_pending());
  CHECK(pieces.Flush() == whole.Flush());
  CHECK(!whole.is_pending());
  for (const Input& input : inputs) CheckInput(input);
}

}  // namespace
}  // namespace tallyman::tally

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::tally::TestPieces({reinterpret_cast<const char*>(data), size});
  return 0;
}
