// Answers with a stream of the audit log: /events and /stacks/{uid}/events with
// "Accept: text/event-stream".

#ifndef TALLYMAN_SERVER_HANDLERS_EVENT_STREAM_H_
#define TALLYMAN_SERVER_HANDLERS_EVENT_STREAM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "api/http/http.h"
#include "api/redaction/redaction.h"
#include "api/stacks/event_query.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/event.h"
#include "stacks/registry/event_ring.h"

namespace tallyman::server {

// Renders events as server-sent events.
class EventStreamRenderer final : public stacks::EventRenderer {
 public:
  // `redactor` must outlive the renderer.
  explicit EventStreamRenderer(const api::Redactor& redactor)
      : redactor_(redactor) {}

  void Begin(std::optional<int64_t> id, std::string& out) const override;
  void Append(const stacks::Event& event, std::string& out) const override;
  void Gap(const stacks::EventGap& gap, std::string& out) const override;
  void KeepAlive(std::optional<int64_t> id, std::string& out) const override;

 private:
  const api::Redactor& redactor_;
};

// True if the request asks for a stream.
bool WantsEventStream(const api::Request& request);

// A response whose body is the stream of `query`, after the event that the
// header Last-Event-ID names; 429 or 503 above a limit of streams. To HEAD, its
// headers only.
HandlerResult StreamEvents(const StackServices& services,
                           const RequestContext& context,
                           api::EventQuery query);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_EVENT_STREAM_H_
