#include "server/handlers/output_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"
#include "server/handlers/output_find.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/output/output_search.h"

namespace tallyman::server {
namespace {

// The rest of the lines of an instance.
struct Part {
  std::string prefix;
  std::deque<stacks::FoundLine> lines;
  size_t order = 0;
};

// Whether the next line of `a` comes after that of `b`.
bool IsLater(const Part* a, const Part* b) {
  const absl::Time a_seen = a->lines.front().time.seen;
  const absl::Time b_seen = b->lines.front().time.seen;
  return a_seen != b_seen ? a_seen > b_seen : a->order > b->order;
}

// Moves a line, with all of its pieces, to `body`.
void AppendLine(Part& part, bool has_times, const api::Redactor& redactor,
                std::string& body) {
  if (has_times) {
    absl::StrAppend(&body,
                    api::LocalTimestampMillis(part.lines.front().time.seen,
                                              absl::UTCTimeZone()),
                    " ");
  }
  body += part.prefix;
  bool goes_on = true;
  while (goes_on && !part.lines.empty()) {
    body += redactor.Text(part.lines.front().text);
    goes_on = part.lines.front().is_partial;
    part.lines.pop_front();
  }
  body += '\n';
}

// The name of a file that needs no quotes in any system.
std::string FileName(const OutputSource& source, const TextRequest& request) {
  std::string name = source.process;
  if (request.is_one) absl::StrAppend(&name, ".", request.instances.front());
  for (char& c : name) {
    if (!absl::ascii_isalnum(c) && c != '.' && c != '-') c = '_';
  }
  return name + ".log";
}

}  // namespace

HandlerResult TextOutput(const StackServices& services,
                         const OutputSource& source,
                         const TextRequest& request) {
  std::vector<Part> parts;
  parts.reserve(request.instances.size());
  bool has_older = false;
  for (const int64_t number : request.instances) {
    absl::StatusOr<stacks::FoundOutput> found = FindLines(
        services, source, request.query, number,
        request.lines.value_or(std::numeric_limits<int64_t>::max()),
        static_cast<int64_t>(kMaxTextBytes / request.instances.size()));
    if (!found.ok()) return api::ErrorFromStatus(found.status());
    has_older = has_older || found->has_older;
    if (found->lines.empty()) continue;
    parts.push_back(
        {.prefix = request.is_one
                       ? ""
                       : absl::StrCat(source.process, ".", number, " | "),
         .lines = std::move(found->lines),
         .order = parts.size()});
  }
  std::vector<Part*> heap;  // The part with the earliest line is first.
  heap.reserve(parts.size());
  for (Part& part : parts) heap.push_back(&part);
  std::make_heap(heap.begin(), heap.end(), IsLater);
  api::Response response;
  response.content_type = "text/plain; charset=utf-8";
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), IsLater);
    Part& part = *heap.back();
    AppendLine(part, request.query.has_times, services.redactor, response.body);
    if (part.lines.empty()) {
      heap.pop_back();
    } else {
      std::push_heap(heap.begin(), heap.end(), IsLater);
    }
  }
  response.AddHeader(
      "Content-Disposition",
      absl::StrCat("attachment; filename=\"", FileName(source, request), "\""));
  if (has_older) response.AddHeader("X-Older-Lines-Left-Out", "true");
  return response;
}

}  // namespace tallyman::server
