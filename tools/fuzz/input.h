// Helpers of fuzz targets.
//
//   extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
//     fuzz::Input input(data, size);
//     const std::string_view type = input.TakeLine();
//     const auto parsed = Parse(type, input.rest());
//     if (!parsed.ok()) fuzz::CheckClientError(parsed.status());
//     return 0;
//   }

#ifndef TALLYMAN_TOOLS_FUZZ_INPUT_H_
#define TALLYMAN_TOOLS_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace tallyman::fuzz {

// The bytes of one run, as several parts. Parts are lines, so that people can
// read and write the files of a corpus. The views point into the given bytes.
class Input {
 public:
  Input(const uint8_t* data, size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  // Removes and returns the first line, without its newline; all bytes if there
  // is no newline.
  std::string_view TakeLine();

  // Removes the first line and returns the 64-bit integer that it is; a hash of
  // the line if it is none.
  int64_t TakeInteger();

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Aborts unless a client may see `message`: it is not empty, is valid UTF-8
// without control characters, and is short, however long the input was.
void CheckMessage(std::string_view message);

// CheckMessage(), and the code is InvalidArgument.
void CheckClientError(const absl::Status& status);

}  // namespace tallyman::fuzz

#endif  // TALLYMAN_TOOLS_FUZZ_INPUT_H_
