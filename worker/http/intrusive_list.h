#ifndef MUSTER_WORKER_HTTP_INTRUSIVE_LIST_H_
#define MUSTER_WORKER_HTTP_INTRUSIVE_LIST_H_

namespace muster::worker::http {

// A list of all living objects of one kind, the newest first. `Member` derives from Node: its
// construction adds it, its destruction removes it. Membership costs two pointers and no
// allocation. The list does not own its members and must outlive them. Belongs to one thread.
template <typename Member>
class IntrusiveList {
 public:
  class Node {
   public:
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

   protected:
    explicit Node(IntrusiveList& list) : link_(&list.first_), next_(list.first_) {
      *link_ = this;
      if (next_ != nullptr) next_->link_ = &next_;
    }
    ~Node() {
      *link_ = next_;
      if (next_ != nullptr) next_->link_ = link_;
    }

   private:
    friend class IntrusiveList;

    Node** link_;  // the pointer to this node, in the list or in the previous node
    Node* next_;
  };

  IntrusiveList() = default;
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  // Null: the list is empty.
  Member* first() const { return static_cast<Member*>(first_); }

  // Calls `visit` with each member. `visit` may destroy the member it is called with, but no other
  // member. It may create members; they are not visited.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (Node* node = first_; node != nullptr;) {
      Node* const next = node->next_;
      visit(static_cast<Member&>(*node));
      node = next;
    }
  }

 private:
  Node* first_ = nullptr;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_INTRUSIVE_LIST_H_
