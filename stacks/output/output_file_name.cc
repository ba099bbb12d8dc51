#include "stacks/output/output_file_name.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"
#include "stacks/model/instance_key.h"

namespace tallyman::stacks {
namespace {

constexpr std::string_view kSuffix = ".log";

}  // namespace

absl::Status CheckOutputStackUid(std::string_view uid) {
  const bool ok = !uid.empty() && uid.size() <= 64 &&
                  std::all_of(uid.begin(), uid.end(), [](unsigned char byte) {
                    return absl::ascii_isxdigit(byte);
                  });
  if (ok) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "stack uid ", base::Quote(uid), " is not a hexadecimal number"));
}

absl::Status CheckOutputKey(const InstanceKey& key) {
  if (absl::Status status = CheckOutputStackUid(key.stack_uid); !status.ok()) {
    return status;
  }
  const std::string& name = key.process;
  const bool ok = !name.empty() && name.size() <= 64 && name != "." &&
                  name != ".." &&
                  std::all_of(name.begin(), name.end(), [](unsigned char byte) {
                    return absl::ascii_isalnum(byte) || byte == '_' ||
                           byte == '.' || byte == '-';
                  });
  if (!ok) {
    return absl::InvalidArgumentError(
        absl::StrCat("process name ", base::Quote(name), " can't name a file"));
  }
  if (key.number < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("instance ", key.number, " of process ", base::Quote(name),
                     " can't be; numbers begin with 1"));
  }
  return absl::OkStatus();
}

std::string OutputFileName(const InstanceKey& key) {
  return absl::StrCat(key.process, ".", key.number, kSuffix);
}

std::optional<InstanceKey> OutputKeyOfFile(std::string_view stack_uid,
                                           std::string_view file_name) {
  std::string_view name = file_name;
  if (!absl::ConsumeSuffix(&name, kSuffix)) return std::nullopt;
  const size_t dot = name.rfind('.');
  InstanceKey key = {.stack_uid = std::string(stack_uid)};
  if (dot == std::string_view::npos ||
      !absl::SimpleAtoi(name.substr(dot + 1), &key.number)) {
    return std::nullopt;
  }
  key.process = name.substr(0, dot);
  // A number such as 01 names no file of ours.
  if (!CheckOutputKey(key).ok() || OutputFileName(key) != file_name) {
    return std::nullopt;
  }
  return key;
}

}  // namespace tallyman::stacks
