// The table of the keys of a process: a key is one row of kKeys, and needs a
// field in platform/process.h that platform/linux/ reads.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/host/process_detail_fields.h"
#include "api/host/process_owners.h"
#include "api/host/process_parameters.h"
#include "api/host/process_query.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"
#include "platform/cgroup_names.h"
#include "platform/process.h"

namespace tallyman::api {
namespace {

using platform::Process;
using platform::ProcessField;
using platform::ProcessFields;
using platform::ProcessState;

// Writes a member that is an integer or a string.
template <auto Member>
void Write(const Process& process, const ProcessFormat& /*format*/,
           JsonWriter& json) {
  if constexpr (std::is_integral_v<std::decay_t<decltype(process.*Member)>>) {
    json.Int(process.*Member);
  } else {
    json.String(process.*Member);
  }
}

template <auto Member>
bool Less(const Process& a, const ProcessOwners& /*a_owners*/, const Process& b,
          const ProcessOwners& /*b_owners*/) {
  return a.*Member < b.*Member;
}

template <auto Member>
constexpr ProcessKey Key(std::string_view name, const Schema& schema,
                         ProcessFields fields, bool is_default) {
  return {name, schema, fields, is_default, Write<Member>, Less<Member>};
}

// A number that is -1 if the system does not show it.
constexpr Schema Size(std::string_view description, std::string_view example) {
  return Integer(description, example, -1);
}

void WriteCommandLine(const Process& process, const ProcessFormat& format,
                      JsonWriter& json) {
  json.String(format.redactor.CommandLine(process.arguments));
}

void WriteState(const Process& process, const ProcessFormat& /*format*/,
                JsonWriter& json) {
  json.String(platform::ProcessStateName(process.state));
}

bool StateLess(const Process& a, const ProcessOwners& /*a_owners*/,
               const Process& b, const ProcessOwners& /*b_owners*/) {
  return platform::ProcessStateName(a.state) <
         platform::ProcessStateName(b.state);
}

void WriteStartTime(const Process& process, const ProcessFormat& format,
                    JsonWriter& json) {
  json.String(process.start_time == absl::InfinitePast()
                  ? std::string()
                  : LocalTimestampMillis(process.start_time, format.zone));
}

void WriteCpuSeconds(const Process& process, const ProcessFormat& /*format*/,
                     JsonWriter& json) {
  if (process.cpu_time < absl::ZeroDuration()) {
    json.Int(-1);
  } else {
    json.Double(absl::ToDoubleSeconds(process.cpu_time));
  }
}

void WriteNice(const Process& process, const ProcessFormat& /*format*/,
               JsonWriter& json) {
  if (process.nice) {
    json.Int(*process.nice);
  } else {
    json.Null();
  }
}

// A name in the path of the cgroup.
template <auto NameOf>
void WriteOfCgroup(const Process& process, const ProcessFormat& /*format*/,
                   JsonWriter& json) {
  json.String(NameOf(process.cgroup));
}

template <auto NameOf>
bool LessOfCgroup(const Process& a, const ProcessOwners& /*a_owners*/,
                  const Process& b, const ProcessOwners& /*b_owners*/) {
  return NameOf(a.cgroup) < NameOf(b.cgroup);
}

// A member of the instance that a process belongs to, a string or an integer;
// "" or -1 without an instance.
template <auto Member>
auto OfInstance(const Process& process, const ProcessOwners& owners) {
  using Value = std::decay_t<decltype(RunningInstance().*Member)>;
  const RunningInstance* const instance = owners.Find(process);
  if constexpr (std::is_integral_v<Value>) {
    return instance == nullptr ? -1 : instance->*Member;
  } else {
    std::string_view text;
    if (instance != nullptr) text = instance->*Member;
    return text;
  }
}

template <auto Member>
void WriteOfInstance(const Process& process, const ProcessFormat& format,
                     JsonWriter& json) {
  const auto value = OfInstance<Member>(process, format.owners);
  if constexpr (std::is_integral_v<decltype(value)>) {
    json.Int(value);
  } else {
    json.String(value);
  }
}

template <auto Member>
bool LessOfInstance(const Process& a, const ProcessOwners& a_owners,
                    const Process& b, const ProcessOwners& b_owners) {
  return OfInstance<Member>(a, a_owners) < OfInstance<Member>(b, b_owners);
}

template <auto NameOf>
constexpr ProcessKey CgroupKey(std::string_view name, const Schema& schema) {
  return {name,
          schema,
          ProcessField::kCgroup,
          false,
          WriteOfCgroup<NameOf>,
          LessOfCgroup<NameOf>};
}

template <auto Member>
constexpr ProcessKey InstanceKey(std::string_view name, const Schema& schema) {
  return {name,
          schema,
          ProcessOwners::kFields,
          false,
          WriteOfInstance<Member>,
          LessOfInstance<Member>,
          /*needs_owners=*/true};
}

constexpr std::array<ProcessKey, 22> kKeys = {{
    Key<&Process::name>("name",
                        String("The kernel's name of the task; \"\" if it is "
                               "unknown.",
                               "nginx"),
                        ProcessField::kName, true),
    {"command_line",
     String("The arguments, joined with spaces; \"\" for threads of the "
            "kernel. Bytes that are not UTF-8 are U+FFFD.",
            "nginx: worker process"),
     ProcessField::kArguments, true, WriteCommandLine,
     Less<&Process::arguments>},
    Key<&Process::num_threads>("num_threads",
                               Size("Threads; -1 if unknown.", "1"),
                               ProcessField::kNumThreads, true),
    {"state",
     OneOf(EnumNames<platform::ProcessStateName, ProcessState::kUnknown,
                     ProcessState::kParked>,
           String("The state; \"\" if it is unknown.", "sleeping")),
     ProcessField::kState, true, WriteState, StateLess},
    Key<&Process::resident_bytes>(
        "memory",
        Size("Resident bytes; 0 without an address space, -1 if unknown.",
             "12349440"),
        ProcessField::kResidentBytes, true),
    Key<&Process::peak_resident_bytes>(
        "peak_memory",
        Size("The most resident bytes so far; -1 if unknown.", "13832192"),
        ProcessField::kPeakResidentBytes, true),
    Key<&Process::pid>("pid", Integer("The process id.", "812", 0),
                       ProcessFields(), true),
    Key<&Process::user>("user",
                        String("The name of the effective owner, or its id if "
                               "it has no name; \"\" if unknown.",
                               "www-data"),
                        ProcessField::kUser, true),
    Key<&Process::storage_read_bytes>(
        "io_bytes_read",
        Size("Bytes read from storage; -1 if the system does not show them.",
             "0"),
        ProcessField::kStorageIo, true),
    Key<&Process::storage_written_bytes>(
        "io_bytes_written",
        Size("Bytes written to storage; -1 if the system does not show them.",
             "4096"),
        ProcessField::kStorageIo, true),
    Key<&Process::parent_pid>(
        "ppid", Size("In lists only on request: the id of the parent.", "1"),
        ProcessField::kParentPid, false),
    {"start_time",
     String("In lists only on request: the start, in ISO 8601 with "
            "milliseconds; \"\" "
            "if unknown.",
            "2026-11-22T00:10:09.512+01:00"),
     ProcessField::kStartTime, false, WriteStartTime,
     Less<&Process::start_ticks>},
    {"cpu_seconds",
     Number("In lists only on request: processor time so far; -1 if unknown.",
            "12.75"),
     ProcessField::kCpuTime, false, WriteCpuSeconds, Less<&Process::cpu_time>},
    Key<&Process::virtual_bytes>("virtual_memory",
                                 Size("In lists only on request: bytes of the "
                                      "address space; -1 if unknown.",
                                      "58720256"),
                                 ProcessField::kVirtualBytes, false),
    Key<&Process::session>(
        "session",
        Size("In lists only on request: the session, on Linux the pid of its "
             "leader; -1 if unknown.",
             "812"),
        ProcessField::kSession, false),
    {"nice",
     OrNull(Integer("In lists only on request: from -20, which gets the most "
                    "processor time, to 19; null if unknown.",
                    "0", -20, 20)),
     ProcessField::kNice, false, WriteNice, Less<&Process::nice>},
    Key<&Process::cgroup>(
        "cgroup",
        String("In lists only on request: the path of the control group, of v2 "
               "if it is used; \"\" if unknown.",
               "/system.slice/nginx.service"),
        ProcessField::kCgroup, false),
    CgroupKey<platform::UnitOfCgroup>(
        "unit", String("In lists only on request: the innermost unit of "
                       "systemd; \"\" if there is none or it is unknown.",
                       "nginx.service")),
    CgroupKey<platform::ContainerOfCgroup>(
        "container",
        String("In lists only on request: the id of the innermost container, "
               "64 hex digits, or its name for LXC; \"\" if there is none or "
               "it is unknown.",
               "4f5ae07b3fd1d1c8ea2a1d0d8a1f7d5e0c2e9b14f6a07b3c58d9e2f1a4b6c7d"
               "8")),
    InstanceKey<&RunningInstance::stack_uid>(
        "stack",
        String("In lists only on request: the uid of the stack that the "
               "process belongs to, as the first process of an instance, in "
               "its session, or in its cgroup; \"\" if it belongs to none.",
               "5999b763474b0eafa5fafb64bff0ba80")),
    InstanceKey<&RunningInstance::process>(
        "process",
        String("In lists only on request: the process of that stack; \"\" if "
               "the process belongs to none.",
               "web")),
    InstanceKey<&RunningInstance::number>(
        "instance",
        Size("In lists only on request: the number of the instance; -1 if the "
             "process belongs to none.",
             "1")),
}};

// All keys are optional: the parameter `fields` chooses them.
constexpr auto kFields = [] {
  std::array<Field, kKeys.size()> fields = {};
  for (size_t i = 0; i < kKeys.size(); ++i) {
    fields[i] = {kKeys[i].name, kKeys[i].schema, kOptional};
  }
  return fields;
}();

constexpr auto kDetailedFields = [] {
  std::array<Field, kKeys.size() + std::size(kProcessDetailFields)> fields = {};
  size_t next = 0;
  for (const ProcessKey& key : kKeys) fields[next++] = {key.name, key.schema};
  for (const Field& field : kProcessDetailFields) fields[next++] = field;
  return fields;
}();

}  // namespace

constexpr Schema kHostProcessDetailsSchema =
    Object("HostProcessDetails", "Everything that is known of a process.",
           kDetailedFields);
constexpr Schema kHostProcessSchema =
    Object("HostProcess", "A process of the machine.", kFields);

absl::Span<const ProcessKey> ProcessKeys() { return kKeys; }

absl::Span<const std::string_view> ProcessKeyNames() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, kKeys.size()> names;
    for (size_t i = 0; i < kKeys.size(); ++i) names[i] = kKeys[i].name;
    return names;
  }();
  return kNames;
}

absl::Span<const std::string_view> ProcessSortNames() {
  static const std::vector<std::string>& texts = *[] {
    auto* const made = new std::vector<std::string>;
    for (const ProcessKey& key : kKeys) {
      made->emplace_back(key.name);
      made->push_back(absl::StrCat("-", key.name));
    }
    return made;
  }();
  static const std::vector<std::string_view>& names =
      *new std::vector<std::string_view>(texts.begin(), texts.end());
  return names;
}

}  // namespace tallyman::api
