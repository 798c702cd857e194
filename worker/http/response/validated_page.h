#ifndef MUSTER_WORKER_HTTP_RESPONSE_VALIDATED_PAGE_H_
#define MUSTER_WORKER_HTTP_RESPONSE_VALIDATED_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/response/answer.h"
#include "muster/worker/http/response/date_cache.h"
#include "muster/worker/http/response/prepared_response.h"
#include "muster/worker/http/response/response_head.h"
#include "muster/worker/http/response/response_style.h"

namespace muster::worker::http {

// A page that stays the same, for GET and HEAD, with an entity tag: who has it already gets 304.
// Belongs to one thread.
class ValidatedPage {
 public:
  // `entity_tag`: strong, with its quotes. `fields` are added to 200 and 304, each with its line
  // end. `style` outlives the page.
  ValidatedPage(absl::string_view type, std::string body, std::string entity_tag,
                absl::string_view fields, const ResponseStyle& style);

  // Appended to `out`.
  Answer Respond(const RequestHead& request, Persistence persistence, const DateCache& date,
                 std::string& out);

 private:
  std::string entity_tag_;
  std::string fields_;  // of 200 and 304
  PreparedResponse whole_;
  const ResponseStyle* style_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_VALIDATED_PAGE_H_
