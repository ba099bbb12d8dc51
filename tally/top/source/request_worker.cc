#include "tally/top/source/request_worker.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "tally/client/api.h"
#include "tally/top/model/source_values.h"
#include "tally/top/source/top_json.h"
#include "tally/top/top_source.h"

namespace tallyman::tally {
namespace {

// A process that fails changes its ETag several times a second.
constexpr int kAttempts = 5;

std::string StackPath(const std::string& uid) {
  return absl::StrCat("/api/3/stacks/", PathPart(uid));
}

}  // namespace

RequestWorker::RequestWorker(std::unique_ptr<Api> api, TopSource::Post post,
                             std::function<void(std::string uid)> reload)
    : api_(std::move(api)),
      post_(std::move(post)),
      reload_(std::move(reload)),
      thread_([this] { Run(); }) {}

RequestWorker::~RequestWorker() {
  {
    const absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
  }
  api_->Stop();
  thread_.join();
}

void RequestWorker::Add(Request request) {
  const absl::MutexLock lock(&mutex_);
  // Details that nobody has read yet are not asked for twice.
  if (std::holds_alternative<QueryDetails>(request)) {
    std::erase_if(requests_, [](const Request& one) {
      return std::holds_alternative<QueryDetails>(one);
    });
  }
  requests_.push_back(std::move(request));
}

void RequestWorker::Run() {
  while (true) {
    Request request;
    {
      const absl::MutexLock lock(&mutex_);
      const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return is_stopped_ || !requests_.empty();
      };
      mutex_.Await(absl::Condition(&has_work));
      if (is_stopped_) return;
      request = std::move(requests_.front());
      requests_.pop_front();
    }
    std::visit([&](const auto& one) { Do(one); }, request);
  }
}

void RequestWorker::Do(const QueryDetails& query) {
  DetailsAnswer answer{.pid = query.pid};
  const absl::StatusOr<Json> body =
      api_->Get(absl::StrCat("/server/processes/", query.pid));
  if (!body.ok()) {
    answer.error = std::string(body.status().message());
  } else if (const auto data = body->find("data");
             data != body->end() && data->is_array() && !data->empty()) {
    answer.details = ReadDetails(data->front());
  } else {
    answer.error = "the answer has no process";
  }
  post_(std::move(answer));
}

void RequestWorker::Do(const ScaleProcess& scale) {
  // The API removes a suffix ".json", and so none that ends a name.
  const std::string path =
      absl::StrCat(StackPath(scale.stack_uid), "/processes/",
                   PathPart(scale.process), ".json");
  absl::Status refused;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    absl::StatusOr<ApiAnswer> process = api_->Send({.path = path});
    if (!process.ok()) {
      refused = process.status();
      break;
    }
    const Json now = process->body.value("response", Json::object());
    const int64_t wanted =
        IntegerOr(now.value("desired", Json::object()), scale.server_name);
    if (wanted != scale.from) {
      refused = absl::AbortedError(
          absl::StrCat("not sent: somebody changed the number from ",
                       scale.from, " to ", wanted));
      break;
    }
    const absl::StatusOr<ApiAnswer> action = api_->Send(
        {.method = "POST",
         .path = absl::StrCat(StackPath(scale.stack_uid), "/processes"),
         .headers = {{"If-Match", process->etag.empty() ? "*" : process->etag},
                     {"Idempotency-Key",
                      absl::StrCat(scale.key, "-", attempt)}},
         .body = Json{{"process_name", scale.process},
                      {"server_count", {{scale.server_uid, scale.count}}}}});
    refused = action.status();
    if (action.ok()) PostAction(scale.key, action->body);
    if (!absl::IsAborted(refused)) break;
  }
  if (!refused.ok()) {
    post_(ActionRefused{.key = scale.key,
                        .message = std::string(refused.message())});
  }
  reload_(scale.stack_uid);
}

void RequestWorker::Do(const ControlProcess& control) {
  Json body = {{"command", control.command}};
  if (!control.process.empty()) body["process_name"] = control.process;
  if (control.instance != 0) body["instance"] = control.instance;
  if (!control.server_uid.empty()) body["server_uid"] = control.server_uid;
  const absl::StatusOr<ApiAnswer> action = api_->Send(
      {.method = "POST",
       .path = absl::StrCat(StackPath(control.stack_uid), "/actions"),
       .headers = {{"Idempotency-Key", control.key}},
       .body = std::move(body)});
  if (action.ok()) {
    PostAction(control.key, action->body);
  } else {
    post_(ActionRefused{.key = control.key,
                        .message = std::string(action.status().message())});
  }
  reload_(control.stack_uid);
}

void RequestWorker::Do(const QueryAction& query) {
  const absl::StatusOr<Json> body = api_->Get(
      absl::StrCat(StackPath(query.stack_uid), "/actions/", query.action_id));
  // The next event, or the next connection, asks again.
  if (body.ok()) PostAction("", *body);
}

void RequestWorker::PostAction(const std::string& key, const Json& body) {
  const Json action = body.value("response", Json::object());
  const int64_t id = IntegerOr(action, "id");
  if (!key.empty()) post_(ActionAccepted{.key = key, .action_id = id});
  if (TextOf(action, "finished_at").empty()) return;
  post_(ActionEnded{.action_id = id,
                    .success = action.value("finished_success", Json()) == true,
                    .message = TextOf(action, "finished_message")});
}

}  // namespace tallyman::tally
