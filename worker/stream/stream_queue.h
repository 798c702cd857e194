#ifndef MUSTER_WORKER_STREAM_STREAM_QUEUE_H_
#define MUSTER_WORKER_STREAM_STREAM_QUEUE_H_

namespace muster::worker {

class Stream;

// Streams in their order, each at most once. To enter, to leave and to be the next takes the same
// time however many there are, and no memory. Belongs to one thread.
class StreamQueue {
 public:
  // A stream's place: in one queue at most. Its destruction leaves the queue.
  class Place {
   public:
    explicit Place(Stream* stream) : stream_(stream) {}
    ~Place() { Leave(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Has no effect if it is in none.
    void Leave() {
      before_->behind_ = behind_;
      behind_->before_ = before_;
      before_ = behind_ = this;
    }

   private:
    friend class StreamQueue;

    Stream* const stream_;  // null: the end of a queue
    Place* before_ = this;
    Place* behind_ = this;
  };

  bool empty() const { return end_.behind_ == &end_; }
  // As the last. It leaves the queue that it was in.
  void Push(Place& place) {
    place.Leave();
    place.before_ = end_.before_;
    place.behind_ = &end_;
    end_.before_->behind_ = &place;
    end_.before_ = &place;
  }
  // The first, which leaves; null: it is empty.
  Stream* Pop() {
    Place& first = *end_.behind_;
    first.Leave();
    return first.stream_;
  }
  // All of `from`, in their order, as the last.
  void Append(StreamQueue& from) {
    while (!from.empty()) Push(*from.end_.behind_);
  }

 private:
  Place end_{nullptr};  // behind it is the first, before it the last
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_QUEUE_H_
