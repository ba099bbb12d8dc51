#include "tally/import/import_fuzz.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "api/stacks/stack_definition_json.h"
#include "platform/base/text.h"
#include "stacks/model/definition.h"
#include "tally/import/import.h"
#include "tools/fuzz/input.h"

namespace tallyman::tally {

void CheckImport(ImportFormat format, std::string_view name,
                 std::string_view text) {
  const ImportOptions options = {.environment = "production",
                                 .base_directory = "/srv/shop",
                                 .variables = {{"A", "1"}},
                                 .processors = 4};
  const absl::StatusOr<ImportResult> result =
      Import(format, {{.name = std::string(name), .text = std::string(text)}},
             options);
  if (!result.ok()) {
    fuzz::CheckClientError(result.status());
    return;
  }
  const std::string body = result->definition.dump();
  const absl::StatusOr<stacks::StackDefinition> accepted =
      api::ParseStackDefinition(body);
  CHECK_OK(accepted) << body;
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (const ImportNote& note : result->notes) {
    fuzz::CheckMessage(note.message);
    CHECK(!base::FindInvalidUtf8(note.key) && !base::FindControl(note.key));
    CHECK_GE(note.line, 1) << note.message;
    CHECK_LE(note.line, lines) << note.message;
  }
}

}  // namespace tallyman::tally
