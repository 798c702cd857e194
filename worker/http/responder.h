#ifndef MUSTER_WORKER_HTTP_RESPONDER_H_
#define MUSTER_WORKER_HTTP_RESPONDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/http/files/listing_cache.h"
#include "muster/worker/http/files/open_file_cache.h"
#include "muster/worker/http/files/static_files.h"
#include "muster/worker/http/handler_action.h"
#include "muster/worker/http/location_router.h"
#include "muster/worker/http/message/request_body.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/request_target.h"
#include "muster/worker/http/pages/status_json.h"
#include "muster/worker/http/response/answer.h"
#include "muster/worker/http/response/date_cache.h"
#include "muster/worker/http/response/mime_types.h"
#include "muster/worker/http/response/prepared_response.h"
#include "muster/worker/http/response/response_head.h"
#include "muster/worker/http/response/response_style.h"
#include "muster/worker/http/response/validated_page.h"
#include "muster/worker/metrics/metrics.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker::http {

// Puts the answer to each request together, as the locations of a configuration say. Belongs
// to one thread.
class Responder {
 public:
  // Makes what a location does that names a handler.
  using FindHandler = std::function<absl::StatusOr<HandlerAction>(const std::string& name)>;

  // `zone` and `metrics` are what the locations that tell about the workers read. They outlive it;
  // `metrics` may be null. Errors name the field that is wrong: "http.location[2].root /x: not a
  // directory".
  static absl::StatusOr<Responder> Create(const config::v1::Http& http, const SharedZone& zone,
                                          const FindHandler& find_handler = nullptr,
                                          const Metrics* metrics = nullptr);

  // The answer to a whole request, appended to `out`. A target that is malformed closes: see
  // `persistence` afterwards. `body` is the request's if RuleOfBody said kWhole. `origin`: the
  // client's.
  Answer Respond(const RequestHead& request, Persistence& persistence, const DateCache& date,
                 std::string& out, absl::string_view body = {}, const Origin& origin = Origin(),
                 absl::string_view request_id = {});
  // How what answers it uses its body, and how much of it the location admits.
  BodyRule RuleOfBody(const RequestHead& request);

  // Of answers that are no location's.
  const ResponseStyle& style() const { return *style_; }

  // Looks at each file anew.
  void ForgetFiles() {
    files_->Clear();
    listings_->Clear();
  }

 private:
  // What is put together anew for each request from what the zone says at that moment.
  struct ZonePage {
    absl::string_view content_type;
    std::string (*format)(const Responder& responder);
  };
  using Action =
      std::variant<PreparedResponse, StaticFiles, ZonePage, ValidatedPage, HandlerAction>;

  Responder(const SharedZone& zone, const Metrics* metrics) : zone_(&zone), metrics_(metrics) {}
  static std::string MetricsPage(const Responder& responder);
  template <Details kDetails>
  static std::string StatusJson(const Responder& responder);
  std::vector<admin::v1::Metric> OwnMetrics() const;
  absl::StatusOr<Action> MakeAction(const config::v1::Http& http, std::size_t index,
                                    const FindHandler& find_handler);
  void AddBodyRule(const config::v1::Location& location, const Action& action);
  absl::StatusOr<StaticFiles> MakeStaticFiles(const config::v1::Location& location,
                                              std::size_t index);

  Answer ShowZone(const ZonePage& zone_page, const ResponseStyle& style, const RequestHead& request,
                  Persistence persistence, const DateCache& date, std::string& out) const;

  LocationRouter router_;
  std::vector<Action> actions_;  // by the index of their locations
  // What actions refer to.
  std::unique_ptr<MimeTypes> types_ = std::make_unique<MimeTypes>();
  std::unique_ptr<const ResponseStyle> style_;
  std::vector<std::unique_ptr<const ResponseStyle>> styles_;  // of the locations
  std::unique_ptr<OpenFileCache> files_;
  std::unique_ptr<ListingCache> listings_;
  const SharedZone* zone_;
  const Metrics* metrics_;            // null: there are none
  std::uint64_t max_body_bytes_ = 0;  // where no location says another
  std::vector<BodyRule> body_rules_;  // of the locations
  bool has_body_rules_ = false;       // one of them is not as in other places
  RequestTarget target_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONDER_H_
