#include "api/webhooks/delivery_json.h"

#include <cstddef>
#include <string>

#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "api/stacks/event_json.h"
#include "stacks/model/event.h"
#include "stacks/webhooks/webhook.h"
#include "stacks/webhooks/webhook_delivery.h"

namespace tallyman::api {
namespace {

std::string RenderItem(const stacks::WebhookDelivery::Item& item,
                       const Redactor& redactor) {
  stacks::Event event = item.event;
  // Before the cut, which could cut what the redactor looks for.
  event.cause = redactor.Text(event.cause);
  if (event.cause.size() > kMaxDeliveredCauseBytes) {
    size_t end = kMaxDeliveredCauseBytes;
    // Not within a character of UTF-8.
    while (end > 0 && (event.cause[end] & 0xc0) == 0x80) --end;
    event.cause.resize(end);
    event.cause += "...";
  }
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key("type");
  json.String(stacks::WebhookKindName(item.kind));
  json.Key("event");
  WriteEvent(event, redactor, json);
  json.EndObject();
  return text;
}

}  // namespace

std::string RenderDelivery(stacks::WebhookDelivery& delivery, size_t max_bytes,
                           const Redactor& redactor) {
  std::string body;
  JsonWriter head(body);
  head.BeginObject();
  head.Key("webhook_id");
  head.Int(delivery.webhook_id);
  head.Key("gap");
  if (delivery.gap) {
    head.BeginObject();
    head.Key("from");
    head.Int(delivery.gap->first);
    head.Key("to");
    head.Int(delivery.gap->second);
    head.EndObject();
  } else {
    head.Null();
  }
  head.EndObject();
  body.pop_back();  // The brace, which follows the events.
  body += ",\"events\":[";
  size_t count = 0;
  for (const stacks::WebhookDelivery::Item& item : delivery.items) {
    const std::string text = RenderItem(item, redactor);
    if (count > 0 && body.size() + text.size() + 3 > max_bytes) break;
    if (count > 0) body += ",";
    body += text;
    ++count;
  }
  body += "]}";
  delivery.items.resize(count);
  return body;
}

}  // namespace tallyman::api
