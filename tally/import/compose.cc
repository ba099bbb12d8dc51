#include "tally/import/compose.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/base/text.h"
#include "tally/import/compose_interpolate.h"
#include "tally/import/compose_service.h"
#include "tally/import/config_tree.h"
#include "tally/import/draft.h"
#include "tally/import/env_file.h"
#include "tally/import/reasons.h"
#include "tally/import/types.h"

namespace tallyman::tally {
namespace {

constexpr KeyReason kTopReasons[] = {
    {"configs", "put the files where the programs look for them"},
    {"include", "give the output of docker compose config"},
    {"models", "Tallyman runs no models"},
    {"networks", "programs use the network of the machine"},
    {"secrets", "let the programs read files that their users alone may read"},
    {"version", "the version of a compose file has no meaning any more"},
    {"volumes", "programs see the machine's own folders"},
    {"x-*", "the key is an extension, which Compose ignores as well"},
};

// Whether an alias takes a part of `value`.
bool IsUsed(const ConfigValue& value, const std::set<int>& used_anchors) {
  return used_anchors.contains(value.line) ||
         absl::c_any_of(value.items,
                        [&](const ConfigValue& item) {
                          return IsUsed(item, used_anchors);
                        }) ||
         absl::c_any_of(value.members, [&](const ConfigMember& member) {
           return IsUsed(member.value, used_anchors);
         });
}

// The name of the project: the key `name`, else the folder, as Compose has it.
std::string ProjectName(const ConfigValue& root, const ImportFile& file,
                        const ImportOptions& options, Notes& notes) {
  if (const ConfigMember* name = root.Find("name");
      name != nullptr && name->value.is_scalar()) {
    std::vector<std::string> missing;
    absl::StatusOr<std::string> text =
        Interpolate(name->value.scalar, options.variables, missing);
    if (text.ok() && missing.empty() && !text->empty()) return *text;
    notes.Dropped({.file = file.name, .line = name->line, .key = "name"},
                  "the name has a variable that is not set; name the stack by "
                  "hand");
  }
  const std::string_view folder = BaseName(options.base_directory);
  return std::string(folder.empty() ? Stem(file.name) : folder);
}

}  // namespace

absl::StatusOr<ImportResult> ImportCompose(absl::Span<const ImportFile> files,
                                           const ImportOptions& options) {
  std::vector<ImportFile> env_files;
  const ImportFile* compose = nullptr;
  for (const ImportFile& file : files) {
    if (IsEnvFile(file.name)) {
      env_files.push_back(file);
    } else if (compose == nullptr) {
      compose = &file;
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "there are two compose files, ", base::Quote(compose->name), " and ",
          base::Quote(file.name),
          "; give the output of docker compose config"));
    }
  }
  if (compose == nullptr) {
    return absl::InvalidArgumentError("there is no compose file");
  }
  absl::StatusOr<ConfigTree> tree = ParseYaml(compose->name, compose->text);
  if (!tree.ok()) return tree.status();
  const ConfigMember* services = tree->root.Find("services");
  if (services == nullptr || !services->value.is_map()) {
    return InvalidAt(compose->name,
                     services == nullptr ? tree->root.line : services->line,
                     "a compose file has a map called services");
  }

  // Compose takes variables from `.env` beside the file as well.
  ImportOptions with_env = options;
  StackDraft draft(with_env);
  std::set<std::string> used;
  for (const ImportFile& file : env_files) {
    if (BaseName(file.name) != ".env") continue;
    used.insert(file.name);
    for (EnvLine& line : ParseEnvFile(file, true, draft.notes())) {
      with_env.variables.try_emplace(line.name, line.value);
    }
  }
  for (const int line : tree->tags) {
    draft.notes().Dropped({.file = compose->name, .line = line},
                          "the tag has no meaning here; give the output of "
                          "docker compose config");
  }
  for (const ConfigMember& member : tree->root.members) {
    const Origin origin = {
        .file = compose->name, .line = member.line, .key = member.key};
    if (member.key == "services" || member.key == "name") continue;
    // What services take from an extension by aliases is carried over there.
    if (member.key.starts_with("x-") &&
        IsUsed(member.value, tree->used_anchors)) {
      continue;
    }
    draft.notes().Dropped(origin, ReasonFor(kTopReasons, member.key));
  }
  for (const ConfigMember& service : services->value.members) {
    ReadComposeService(compose->name, service, env_files, used, draft);
  }
  for (const ImportFile& file : env_files) {
    if (used.contains(file.name)) continue;
    draft.notes().Dropped({.file = file.name, .line = 1},
                          "no service takes the file");
  }
  const std::string name =
      ProjectName(tree->root, *compose, with_env, draft.notes());
  return draft.Finish(name);
}

}  // namespace tallyman::tally
