#include "server/handlers/shared_document.h"

#include "api/http/etag.h"
#include "api/http/http.h"

namespace tallyman::server {

api::Response SharedDocument::Answer(const api::Request& request) const {
  api::Response response;
  if (api::IsUnchanged(request, etag)) {
    response = api::NotModified(etag);
  } else {
    response.content_type = content_type;
    response.shared_body = body;
    response.AddHeader("ETag", etag);
    for (const auto& [name, value] : headers) response.AddHeader(name, value);
  }
  response.cache_control = cache_control;
  return response;
}

}  // namespace tallyman::server
