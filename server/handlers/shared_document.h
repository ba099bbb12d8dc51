// A document that all answers share: no request copies or renders it.

#ifndef TALLYMAN_SERVER_HANDLERS_SHARED_DOCUMENT_H_
#define TALLYMAN_SERVER_HANDLERS_SHARED_DOCUMENT_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/http.h"

namespace tallyman::server {

// Complete it before the first request; from then on thread-safe.
struct SharedDocument {
  std::string content_type;
  // Of the header Cache-Control. A constant.
  std::string_view cache_control;
  // Besides ETag, in answers with the body. Names are constants.
  std::vector<std::pair<std::string_view, std::string>> headers = {};
  std::shared_ptr<const std::string> body = nullptr;
  std::string etag = {};  // With its quotation marks.

  // The document, or 304 if `request` says that the client has this one.
  api::Response Answer(const api::Request& request) const;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_SHARED_DOCUMENT_H_
