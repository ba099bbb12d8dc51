#include "tally/import/systemd.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "platform/base/text.h"
#include "tally/import/draft.h"
#include "tally/import/env_file.h"
#include "tally/import/systemd_file.h"
#include "tally/import/systemd_service.h"
#include "tally/import/systemd_specifier.h"
#include "tally/import/types.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kOtherTypes[] = {
    ".automount", ".device", ".mount", ".path",  ".scope",
    ".slice",     ".socket", ".swap",  ".timer",
};

// "web.service" of a drop-in
// "/etc/systemd/system/web.service.d/10-limits.conf";
// "" for other files.
std::string_view DropInOf(std::string_view path) {
  if (!path.ends_with(".conf")) return "";
  path.remove_suffix(std::min(path.size(), BaseName(path).size() + 1));
  std::string_view folder = BaseName(path);
  return absl::ConsumeSuffix(&folder, ".d") ? folder : "";
}

class SystemdReader {
 public:
  SystemdReader(absl::Span<const ImportFile> files,
                const ImportOptions& options)
      : files_(files), draft_(options), notes_(draft_.notes()) {}

  absl::StatusOr<ImportResult> Read() {
    for (const ImportFile& file : files_) {
      if (absl::Status sorted = SortIn(file); !sorted.ok()) return sorted;
    }
    if (services_.empty()) {
      return absl::InvalidArgumentError(
          "there is no unit of a service; the name of one ends with .service");
    }
    // Drop-ins apply in the order of their names.
    for (auto& [name, drop_ins] : drop_ins_) {
      std::sort(
          drop_ins.begin(), drop_ins.end(),
          [](const DropIn& a, const DropIn& b) { return a.name < b.name; });
    }
    for (const std::vector<UnitEntry>& target : targets_) ReadTarget(target);
    for (const auto& [name, entries] : services_) ReadService(name, entries);
    NoteUnused();
    return draft_.Finish(!target_.empty() ? target_
                         : services_.size() == 1
                             ? ParseUnitName(services_.begin()->first).prefix
                             : "systemd");
  }

 private:
  struct DropIn {
    std::string name;
    std::string file;
    std::vector<UnitEntry> entries;
  };

  absl::Status SortIn(const ImportFile& file) {
    const std::string_view name = BaseName(file.name);
    const std::string_view drop_in = DropInOf(file.name);
    const bool is_service =
        name.ends_with(".service") ||
        (files_.size() == 1 && drop_in.empty() &&
         ParseUnitName(name).type.empty());  // As from standard input.
    const bool is_other = std::any_of(
        std::begin(kOtherTypes), std::end(kOtherTypes),
        [&](std::string_view type) { return name.ends_with(type); });
    const bool is_target = name.ends_with(".target");
    if (!is_service && !is_other && !is_target && drop_in.empty()) {
      others_.push_back(file);
      return absl::OkStatus();
    }
    absl::StatusOr<std::vector<UnitEntry>> entries = ParseUnit(file);
    if (!entries.ok()) return entries.status();
    if (is_target) {
      if (target_.empty()) target_ = Stem(name);
      targets_.push_back(*std::move(entries));
    } else if (!drop_in.empty()) {
      drop_ins_[std::string(drop_in)].push_back(
          {.name = std::string(name),
           .file = file.name,
           .entries = *std::move(entries)});
    } else if (is_service) {
      const std::string unit = name.ends_with(".service")
                                   ? std::string(name)
                                   : absl::StrCat(Stem(name), ".service");
      if (!services_.emplace(unit, *std::move(entries)).second) {
        return absl::InvalidArgumentError(
            absl::StrCat("the unit ", base::Quote(unit), " is given twice"));
      }
    } else {
      for (const UnitEntry& entry : *entries) {
        notes_.Dropped(
            entry.origin,
            "Tallyman has services only; leave this unit to systemd, "
            "or let the program do the work");
      }
    }
    return absl::OkStatus();
  }

  void ReadTarget(const std::vector<UnitEntry>& target) {
    for (const UnitEntry& entry : target) {
      const std::string& key = entry.origin.key;
      if (key != "Wants" && key != "Requires" && key != "Upholds" &&
          key != "BindsTo" && key != "Requisite") {
        notes_.Dropped(entry.origin, ServiceReason(key));
        continue;
      }
      for (const std::string_view name :
           absl::StrSplit(entry.value, ' ', absl::SkipEmpty())) {
        const UnitName unit = ParseUnitName(name);
        UnitName a_template = unit;
        a_template.instance = "";
        if (services_.contains(std::string(name))) continue;
        if (unit.instance && !unit.instance->empty() &&
            services_.contains(a_template.ToString())) {
          instances_[a_template.ToString()].insert(*unit.instance);
        } else {
          notes_.Dropped(entry.origin,
                         absl::StrCat("the unit ", base::Quote(name),
                                      " is not carried over; give its file as "
                                      "well"));
        }
      }
    }
  }

  // The entries with those of the drop-ins of the unit and of its template.
  std::vector<UnitEntry> WithDropIns(const std::string& name,
                                     std::vector<UnitEntry> entries) {
    UnitName a_template = ParseUnitName(name);
    if (a_template.instance) a_template.instance = "";
    std::vector<std::string> names = {"service", a_template.ToString()};
    if (name != names.back()) names.push_back(name);
    for (const std::string& unit : names) {
      const auto found = drop_ins_.find(unit);
      if (found == drop_ins_.end()) continue;
      for (const DropIn& drop_in : found->second) {
        used_.insert(drop_in.file);
        entries.insert(entries.end(), drop_in.entries.begin(),
                       drop_in.entries.end());
      }
    }
    return entries;
  }

  void ReadService(const std::string& name,
                   const std::vector<UnitEntry>& entries) {
    UnitName unit = ParseUnitName(name);
    const bool is_template = unit.instance && unit.instance->empty();
    if (!is_template) {
      Add(unit, "", 1, WithDropIns(name, entries));
      return;
    }

    std::set<std::string> names = instances_[name];
    for (const UnitEntry& entry : entries) {
      if (entry.origin.key == "DefaultInstance" && names.empty()) {
        names.insert(entry.value);
      }
    }
    if (names.empty()) {
      ProcessDraft* process =
          Add(unit, "${TALLYMAN_INSTANCE}", 0, WithDropIns(name, entries));
      if (process != nullptr) {
        notes_.Changed(FirstOrigin(name, entries),
                       absl::StrCat("the template has no known instances; "
                                    "begin some, with the numbers from 1 as "
                                    "their names, by tally scale ",
                                    process->name(), "=N"));
      }
      return;
    }
    if (const std::optional<int64_t> first = FirstOfRow(names)) {
      Add(unit,
          *first == 1 ? "${TALLYMAN_INSTANCE}"
          : *first < 1
              ? absl::StrCat("$((TALLYMAN_INSTANCE - ", 1 - *first, "))")
              : absl::StrCat("$((TALLYMAN_INSTANCE + ", *first - 1, "))"),
          static_cast<int64_t>(names.size()), WithDropIns(name, entries));
      return;
    }
    for (const std::string& instance : names) {
      unit.instance = instance;
      Add(unit, "", 1, WithDropIns(unit.ToString(), entries));
    }
  }

  // The first of at least two numbers without a gap; nullopt for other names.
  static std::optional<int64_t> FirstOfRow(const std::set<std::string>& names) {
    std::vector<int64_t> numbers;
    for (const std::string& name : names) {
      int64_t number = 0;
      if (!absl::SimpleAtoi(name, &number) || absl::StrCat(number) != name ||
          number < 0 || number > 1'000'000) {
        return std::nullopt;
      }
      numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    const auto size = static_cast<int64_t>(numbers.size());
    if (size < 2 || numbers.back() - numbers.front() != size - 1) {
      return std::nullopt;
    }
    return numbers.front();
  }

  Origin FirstOrigin(const std::string& name,
                     const std::vector<UnitEntry>& entries) const {
    Origin origin = {.file = name, .line = 1};
    for (const ImportFile& file : files_) {
      if (BaseName(file.name) == name) origin.file = file.name;
    }
    if (!entries.empty()) origin.file = entries.front().origin.file;
    return origin;
  }

  ProcessDraft* Add(const UnitName& unit, const std::string& instance_script,
                    int64_t instances, const std::vector<UnitEntry>& entries) {
    const std::string name =
        unit.instance && !unit.instance->empty()
            ? absl::StrCat(unit.prefix, "-", *unit.instance)
            : unit.prefix;
    const Origin origin = FirstOrigin(unit.ToString(), entries);
    ProcessDraft* process = draft_.AddProcess(origin, name);
    if (process == nullptr) return nullptr;
    process->SetInstances(origin, instances);
    ReadSystemdService({.unit = unit,
                        .instance_script = instance_script,
                        .origin = origin,
                        .entries = entries,
                        .env_files = others_},
                       used_, notes_, *process);
    return process;
  }

  void NoteUnused() {
    for (const ImportFile& file : others_) {
      if (used_.contains(file.name)) continue;
      notes_.Dropped({.file = file.name, .line = 1},
                     "the file is no unit, and no service takes its variables");
    }
    for (const auto& [unit, drop_ins] : drop_ins_) {
      for (const DropIn& drop_in : drop_ins) {
        if (used_.contains(drop_in.file)) continue;
        notes_.Dropped({.file = drop_in.file, .line = 1},
                       absl::StrCat("the unit ", base::Quote(unit),
                                    " is not there; give its file as well"));
      }
    }
  }

  const absl::Span<const ImportFile> files_;
  StackDraft draft_;
  Notes& notes_;
  std::map<std::string, std::vector<UnitEntry>> services_;  // by unit
  std::map<std::string, std::vector<DropIn>> drop_ins_;     // by unit
  std::vector<std::vector<UnitEntry>> targets_;
  std::string target_;  // The name of the first.
  std::map<std::string, std::set<std::string>> instances_;  // by template
  std::vector<ImportFile> others_;
  std::set<std::string> used_;  // Names of files.
};

}  // namespace

absl::StatusOr<ImportResult> ImportSystemd(absl::Span<const ImportFile> files,
                                           const ImportOptions& options) {
  return SystemdReader(files, options).Read();
}

}  // namespace tallyman::tally
