#include "server/handlers/output_handlers.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/description/parameter.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/http/params.h"
#include "api/http/server_sent_events.h"
#include "api/json/json_writer.h"
#include "api/stacks/output_event.h"
#include "api/stacks/output_json.h"
#include "api/stacks/output_query.h"
#include "api/stacks/stack_operations.h"
#include "api/stacks/stack_parameters.h"
#include "api/stacks/stacks_envelope.h"
#include "platform/base/text.h"
#include "server/handlers/output_find.h"
#include "server/handlers/output_stream.h"
#include "server/handlers/output_text.h"
#include "server/handlers/responses.h"
#include "server/handlers/stack_lookup.h"
#include "server/handlers/stack_services.h"
#include "server/handlers/stream_response.h"
#include "server/routing/router.h"
#include "stacks/model/instance_key.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_search.h"
#include "storage/pagination.h"

namespace tallyman::server {
namespace {

constexpr int64_t kDefaultLines = 100;
static_assert(api::kLinesParameter.schema.default_value == "100");
static_assert(api::kLinesParameter.schema.max == stacks::kMaxLogLines);

// The most bytes of lines in one response. The instances of the page get equal
// shares.
constexpr size_t kMaxResponseBytes = size_t{8} << 20;

// The parameter `lines`, at least `min`; nullopt if it is absent.
absl::StatusOr<std::optional<int64_t>> ParseLines(const api::Params& params,
                                                  int64_t min) {
  return params.GetInteger(api::kLinesParameter.name, min,
                           stacks::kMaxLogLines);
}

// How many lines of an instance an answer has if the request does not say it.
int64_t DefaultLines(const api::OutputQuery& query) {
  return query.since == absl::InfinitePast() ? kDefaultLines
                                             : stacks::kMaxLogLines;
}

// The last lines can be read from the end.
bool IsTail(const api::OutputQuery& query) {
  return query.grep == nullptr && query.since == absl::InfinitePast() &&
         query.until == absl::InfiniteFuture() && !query.has_times;
}

// Drops the oldest lines until the rest have at most `max_bytes`. Keeps the
// newest line, whatever its size.
void LimitBytes(size_t max_bytes, std::vector<std::string>& lines) {
  size_t bytes = 0;
  size_t kept = 0;
  while (kept < lines.size()) {
    bytes += lines[lines.size() - 1 - kept].size();
    if (bytes > max_bytes && kept > 0) break;
    ++kept;
  }
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kept));
}

// The numbers of the present instances, in the order of `status`; none if it is
// null.
std::vector<int64_t> NumbersOf(const stacks::ProcessStatus* status) {
  std::vector<int64_t> numbers;
  if (status == nullptr) return numbers;
  numbers.reserve(status->instances.size());
  for (const stacks::InstanceStatus& instance : status->instances) {
    numbers.push_back(instance.number);
  }
  return numbers;
}

// The last `lines` lines of an instance.
absl::StatusOr<std::vector<std::string>> ReadTail(const StackServices& services,
                                                  const OutputSource& source,
                                                  int64_t instance,
                                                  int64_t lines) {
  absl::StatusOr<std::vector<std::string>> tail =
      services.logs.Tail({.stack_uid = source.stack_uid,
                          .process = source.process,
                          .number = instance},
                         lines);
  if (tail.ok()) return tail;
  return OutputFault(tail.status());
}

// Reads the lines of an output that match.
absl::Status FillOutput(const StackServices& services,
                        const OutputSource& source,
                        const api::OutputQuery& query, int64_t lines,
                        size_t max_bytes, api::InstanceOutput& output) {
  if (IsTail(query)) {
    absl::StatusOr<std::vector<std::string>> tail =
        ReadTail(services, source, output.instance, lines);
    if (!tail.ok()) return tail.status();
    LimitBytes(max_bytes, *tail);
    output.lines = *std::move(tail);
    return absl::OkStatus();
  }
  // Twice: lines take more memory than their bytes.
  absl::StatusOr<stacks::FoundOutput> found = FindLines(
      services, source, query, output.instance, lines,
      std::min(2 * stacks::kMaxLogBytes, static_cast<int64_t>(max_bytes)));
  if (!found.ok()) return found.status();
  output.has_times = query.has_times;
  for (stacks::FoundLine& line : found->lines) {
    output.lines.push_back(std::move(line.text));
    if (query.has_times) {
      output.times.push_back(
          {.after = line.time.after, .seen = line.time.seen});
    }
  }
  return absl::OkStatus();
}

HandlerResult RenderOutputs(const StackServices& services,
                            const OutputSource& source,
                            const std::vector<int64_t>& instances,
                            const api::OutputQuery& query, int64_t lines,
                            const storage::PageInfo& page) {
  const auto shown = static_cast<size_t>(page.end - page.begin);
  std::vector<api::InstanceOutput> outputs;
  outputs.reserve(shown);
  for (int64_t i = page.begin; i < page.end; ++i) {
    api::InstanceOutput& output = outputs.emplace_back(
        api::InstanceOutput{.process = source.process,
                            .server = source.server,
                            .instance = instances[static_cast<size_t>(i)]});
    absl::Status filled = FillOutput(services, source, query, lines,
                                     kMaxResponseBytes / shown, output);
    if (!filled.ok()) return api::ErrorFromStatus(filled);
  }
  return RenderPage(page, [&](api::JsonWriter& json, size_t i) {
    api::WriteInstanceOutput(outputs[i], services.redactor, json);
  });
}

// The instances whose output is requested: the one that the parameter
// `instance` names, or all present ones. A named instance may have ended, as
// long as its output still exists; else NotFound.
absl::StatusOr<std::vector<int64_t>> FindInstances(
    const StackServices& services, const OutputSource& source,
    const stacks::ProcessStatus* status, const api::Params& params) {
  std::vector<int64_t> numbers = NumbersOf(status);
  const auto instance = api::ReadInteger(params, api::kInstanceParameter);
  if (!instance.ok()) return instance.status();
  if (!*instance) return numbers;
  const int64_t number = **instance;
  if (!absl::c_linear_search(numbers, number)) {
    const absl::StatusOr<std::vector<std::string>> tail =
        ReadTail(services, source, number, 1);
    if (!tail.ok()) return tail.status();
    if (tail->empty()) {
      return absl::NotFoundError(absl::StrCat(
          "instance: the process ", base::Quote(source.process),
          " has no instance ", number, " and no output of an earlier one"));
    }
  }
  return std::vector<int64_t>{number};
}

// Whether the answer is plain text. InvalidArgument if it can't be.
absl::StatusOr<bool> WantsText(const api::Request& request, bool is_stream) {
  if (!api::Prefers(request, api::kPlainTextType,
                    is_stream ? api::kEventStreamType : api::kJsonMediaType)) {
    return false;
  }
  if (is_stream) {
    return absl::InvalidArgumentError(
        absl::StrCat(api::kFollowParameter.name, ": a stream is ",
                     api::kEventStreamType, ", not ", api::kPlainTextType));
  }
  if (absl::Status valid = CheckNoPage(request.params, "text"); !valid.ok()) {
    return valid;
  }
  return true;
}

HandlerResult GetOutput(const StackServices& services,
                        const RequestContext& context) {
  const api::Params& params = context.request.params;
  const StackSnapshots now = CurrentSnapshots(services);
  const auto stack = FindStack(*now.registry, context);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  const auto process = FindProcess(**stack, context.path_params[1]);
  if (!process.ok()) return api::ErrorFromStatus(process.status());
  const absl::StatusOr<std::string> filter =
      ParseServerFilter(*now.registry, params);
  if (!filter.ok()) return api::ErrorFromStatus(filter.status());
  const absl::StatusOr<bool> is_stream = ParseFollow(params);
  if (!is_stream.ok()) return api::ErrorFromStatus(is_stream.status());
  const absl::StatusOr<bool> is_text = WantsText(context.request, *is_stream);
  if (!is_text.ok()) return api::ErrorFromStatus(is_text.status());
  const absl::StatusOr<storage::PageRequest> page =
      api::ParsePageRequest(params);
  if (!page.ok()) return api::ErrorFromStatus(page.status());
  const absl::StatusOr<std::optional<int64_t>> lines =
      ParseLines(params, *is_stream ? 0 : 1);
  if (!lines.ok()) return api::ErrorFromStatus(lines.status());
  absl::StatusOr<api::OutputQuery> query =
      api::ParseOutputQuery(params, absl::Now());
  if (!query.ok()) return api::ErrorFromStatus(query.status());
  if (*is_stream && query->until != absl::InfiniteFuture()) {
    return api::ErrorFromStatus(absl::InvalidArgumentError(absl::StrCat(
        api::kUntilParameter.name, ": a stream has no end; leave it out")));
  }

  const stacks::Server* const server =
      now.registry->FindServer(services.server_uid);
  const OutputSource source = {
      .stack_uid = (*stack)->uid,
      .process = (*process)->definition.name,
      .server = server == nullptr ? services.server_uid : server->name};
  // Output of instances on other servers is kept there.
  const bool is_here = filter->empty() || *filter == services.server_uid;
  if ((*is_stream || *is_text) && !is_here) {
    return api::ErrorFromStatus(absl::InvalidArgumentError(absl::StrCat(
        "server_uid: output of ", base::Quote(*filter), " can be ",
        *is_stream ? "followed" : "had as text", " on that server only")));
  }
  std::vector<int64_t> instances;
  if (is_here) {
    absl::StatusOr<std::vector<int64_t>> found = FindInstances(
        services, source, now.status->Find(source.stack_uid, source.process),
        params);
    if (!found.ok()) return api::ErrorFromStatus(found.status());
    instances = *std::move(found);
  }
  const bool is_one = api::Read(params, api::kInstanceParameter).has_value();
  if (*is_text) {
    return TextOutput(services, source,
                      {.query = *std::move(query),
                       .instances = std::move(instances),
                       .is_one = is_one,
                       .lines = *lines});
  }
  const int64_t line_count = lines->value_or(DefaultLines(*query));
  if (*is_stream) {
    return StreamOutput(services, source, *query,
                        {.instance = is_one ? instances.front() : 0,
                         .present = std::move(instances),
                         .lines = line_count},
                        context.request);
  }
  const storage::PageInfo info =
      storage::Paginate(*page, static_cast<int64_t>(instances.size()));
  return RenderOutputs(services, source, instances, *query, line_count, info);
}

}  // namespace

void AddOutputRoutes(const StackServices& services, Router& router) {
  router.Add(api::kGetLogs, WithServices(services, GetOutput));
}

}  // namespace tallyman::server
