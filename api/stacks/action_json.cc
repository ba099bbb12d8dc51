#include "api/stacks/action_json.h"

#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"
#include "stacks/model/registry.h"

namespace tallyman::api {
namespace {

constexpr Field kFields[] = {
    {"id", Integer("The id of the action.", "10", 1)},
    {"user", String("The name of the token that started it.", "deploy")},
    {"resource_type", String("`stack`.", "stack")},
    {"action",
     OneOf(EnumNames<stacks::ActionKindName, stacks::ActionKind::kProcessScale,
                     stacks::ActionKind::kStackDelete>,
           String("What it does.", "Process_scale"))},
    {"resource_id", Uid("The uid of the stack.")},
    {"started_via", String("`api`, or `file` for `--stacks_file`.", "api")},
    {"started_at", Time("When it was requested.")},
    {"finished_at", OrNull(Time("When it ended; null until then, as the "
                                "other two are.",
                                "null"))},
    {"finished_success",
     OrNull(Boolean("Whether it reached its goal.", "null"))},
    {"finished_message",
     OrNull(String("The result, or why it failed.", "null"))},
};

}  // namespace

constexpr Schema kActionSchema =
    Object("Action", "A requested change of a stack, and its result.", kFields);

void WriteAction(const stacks::Action& action, const Redactor& redactor,
                 JsonWriter& json) {
  json.BeginObject();
  json.Key("id");
  json.Int(action.id);
  json.Key("user");
  json.String(action.user);
  json.Key("resource_type");
  json.String("stack");
  json.Key("action");
  json.String(stacks::ActionKindName(action.kind));
  json.Key("resource_id");
  json.String(action.stack_uid);
  json.Key("started_via");
  json.String(action.started_via);
  json.Key("started_at");
  json.String(UtcTimestamp(action.started_at));
  // Clients poll finished_at, then read the other two.
  const bool has_ended = action.finished_at.has_value();
  json.Key("finished_at");
  if (has_ended) {
    json.String(UtcTimestamp(*action.finished_at));
  } else {
    json.Null();
  }
  json.Key("finished_success");
  if (has_ended) {
    json.Bool(action.finished_success);
  } else {
    json.Null();
  }
  json.Key("finished_message");
  if (has_ended) {
    json.String(redactor.Text(action.finished_message));
  } else {
    json.Null();
  }
  json.EndObject();
}

}  // namespace tallyman::api
