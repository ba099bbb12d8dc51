// The parameters of GET /server/processes: filters, order, limit and fields.
// The table in process_keys.cc has the keys that they name.

#ifndef TALLYMAN_API_HOST_PROCESS_QUERY_H_
#define TALLYMAN_API_HOST_PROCESS_QUERY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/host/process_owners.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "platform/process.h"
#include "re2/re2.h"

namespace tallyman::api {

// The settings of rendering. `redactor` must outlive the format.
struct ProcessFormat {
  const Redactor& redactor;
  absl::TimeZone zone;
  // The instances to show; must outlive the rendering.
  const ProcessOwners& owners = ProcessOwners::None();
};

// One key of a process in JSON: a row of the one table of keys, which
// parsing, sorting, rendering and the description share.
struct ProcessKey {
  std::string_view name;
  Schema schema;
  // The fields to read from the system.
  platform::ProcessFields fields;
  // Whether the key is written when the query has no `fields`.
  bool is_default;
  void (*write)(const platform::Process& process, const ProcessFormat& format,
                JsonWriter& json);
  // Each process with the owners of its list.
  bool (*less)(const platform::Process& a, const ProcessOwners& a_owners,
               const platform::Process& b, const ProcessOwners& b_owners);
  // Whether the two depend on the owners.
  bool needs_owners = false;
};

// All keys, in the order of the output.
absl::Span<const ProcessKey> ProcessKeys();

// A process in JSON.
extern const Schema kHostProcessSchema;
// The same with all keys and kProcessDetailFields.
extern const Schema kHostProcessDetailsSchema;

// A valid query. Copyable; thread-safe once made.
class ProcessListQuery {
 public:
  // Reads kProcessListParameters; ignores other parameters. InvalidArgument
  // names the parameter, the error and its position in the value (from 1).
  static absl::StatusOr<ProcessListQuery> Parse(const Params& params);

  // The query for the platform, which filters, sorts and limits. It copies this
  // query, so it may outlive it. Null owners: no process belongs to a stack.
  platform::ProcessQuery ToPlatform(
      std::shared_ptr<const ProcessOwners> owners = nullptr) const;

  // False if the result is the same with any owners.
  bool needs_owners() const;

  // A normal form of the parameters: queries with equal texts have equal
  // results.
  const std::string& text() const { return text_; }

  // The keys to write, in the order of the output.
  absl::Span<const ProcessKey* const> keys() const { return keys_; }

 private:
  // The fields that Matches() reads.
  platform::ProcessFields ConditionFields() const;
  bool Matches(const platform::Process& process,
               const ProcessOwners& owners) const;

  std::string text_;
  std::shared_ptr<const RE2> name_;             // Null: any name.
  std::vector<std::string> users_;              // Empty: any user.
  std::vector<platform::ProcessState> states_;  // Empty: any state.
  std::optional<std::vector<int32_t>> pids_;    // nullopt: all.
  std::vector<std::string> units_;              // Empty: any unit.
  std::vector<std::string> stacks_;             // Empty: any or no stack.
  std::optional<int64_t> min_memory_;           // Bytes.
  const ProcessKey* sort_key_ = nullptr;        // Null: by pid.
  bool descending_ = false;
  std::optional<int64_t> limit_;
  std::vector<const ProcessKey*> keys_;
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_QUERY_H_
