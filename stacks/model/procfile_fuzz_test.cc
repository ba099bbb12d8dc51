#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "stacks/model/definition.h"
#include "stacks/model/procfile.h"
#include "tools/fuzz/input.h"

namespace tallyman::stacks {
namespace {

// The processes of a Procfile make a valid stack, and the Procfile that is
// written from them reads the same.
void TestProcfile(std::string_view text) {
  const absl::StatusOr<std::vector<ProcessDefinition>> processes =
      ParseProcfile(text);
  if (!processes.ok()) {
    fuzz::CheckClientError(processes.status());
    return;
  }
  const StackDefinition stack = {.name = "fuzz", .processes = *processes};
  CHECK_OK(Validate(stack));
  std::string written;
  for (const ProcessDefinition& process : *processes) {
    CHECK_EQ(stack.Find(process.name)->command, process.command);
    absl::StrAppend(&written, process.name, ": ", process.command, "\n");
  }
  const absl::StatusOr<std::vector<ProcessDefinition>> again =
      ParseProcfile(written);
  CHECK_OK(again);
  CHECK(*again == *processes) << written;
}

}  // namespace
}  // namespace tallyman::stacks

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::stacks::TestProcfile(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
