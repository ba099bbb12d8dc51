#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/redaction/redaction.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

using namespace std::string_view_literals;

// No part of a name or of "***".
constexpr std::string_view kSecret = "hUnTeR2hUnTeR2";
constexpr std::string_view kToken = "tly_hUnTeR2hUnTeR2";

void CheckHidden(std::string_view text) {
  CHECK(!absl::StrContains(text, kSecret)) << text;
}

const Redactor& DisabledRedactor() {
  static const Redactor& redactor = *Redactor::Disabled().release();
  return redactor;
}

// A secret with a clear name is hidden whatever is around it.
void TestSecrets(const Redactor& redactor, std::string_view before,
                 std::string_view after) {
  if (absl::StrContains(before, kSecret) || absl::StrContains(after, kSecret)) {
    return;
  }
  for (const std::string_view option :
       {"--password="sv, "--api-key\0"sv, "API_TOKEN="sv, "secret:"sv}) {
    CheckHidden(redactor.CommandLine(
        absl::StrCat(before, "\0"sv, option, kSecret, "\0"sv, after)));
  }
  // A token of this server, also inside of an argument.
  for (const std::string_view separator : {""sv, " "sv, "\0"sv}) {
    const std::string text =
        absl::StrCat(before, separator, kToken, separator, after);
    CheckHidden(redactor.CommandLine(text));
    CheckHidden(redactor.Text(text));
    CheckHidden(DisabledRedactor().Text(text));
  }
}

void TestText(const Redactor& redactor, std::string_view text) {
  std::string joined(text);
  std::replace(joined.begin(), joined.end(), '\0', ' ');
  CHECK_EQ(DisabledRedactor().CommandLine(text), joined);
  const std::string line = redactor.CommandLine(text);
  CHECK(!absl::StrContains(line, '\0'));
  // A secret has at least one byte, and "***" has three.
  CHECK_LE(line.size(), 3 * text.size() + 3);
  CHECK_LE(redactor.Text(text).size(), 3 * text.size() + 3);
  if (!absl::StrContains(line, "***")) CHECK_EQ(line, joined);
}

const Redactor& DefaultRedactor() {
  static const Redactor& redactor =
      *Redactor::Create(DefaultSecretNames()).value().release();
  return redactor;
}

// An expression that an operator adds does not reveal other secrets.
void TestExpression(std::string_view expression, std::string_view before,
                    std::string_view after) {
  // Expressions are short, and as costly as the operator likes.
  constexpr size_t kMaxBytes = 64;
  if (expression.empty() || expression.size() > kMaxBytes) return;
  std::vector<std::string> names = DefaultSecretNames();
  names.emplace_back(expression);
  const absl::StatusOr<std::unique_ptr<Redactor>> redactor =
      Redactor::Create(names);
  if (!redactor.ok()) {
    CHECK(absl::IsInvalidArgument(redactor.status())) << redactor.status();
    return;
  }
  TestSecrets(**redactor, before, after);
}

}  // namespace
}  // namespace tallyman::api

// A line with an expression for secret names, one with text before a secret;
// then the text after it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tallyman::api::DefaultRedactor;
  tallyman::fuzz::Input input(data, size);
  const std::string_view expression = input.TakeLine();
  tallyman::api::TestText(DefaultRedactor(), input.rest());
  const std::string_view before = input.TakeLine();
  tallyman::api::TestSecrets(DefaultRedactor(), before, input.rest());
  tallyman::api::TestExpression(expression, before, input.rest());
  return 0;
}
