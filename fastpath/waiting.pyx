"""Copies of packets in a ring for each neighbor; all of them within HELD_OCTETS."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from fastpath.counters cimport NEIGHBOR_QUEUE
from fastpath.frame cimport Frame
from fastpath.graph cimport drop
from fastpath.neighbor cimport WAITING_MAX, Held, Neighbor, Neighbors


cdef Held* unlink_held(Neighbor* neighbor) noexcept nogil:
    cdef Held* first
    if neighbor.last == NULL:
        return NULL
    first = neighbor.last.next
    if first == neighbor.last:
        neighbor.last = NULL
    else:
        neighbor.last.next = first.next
    neighbor.waiting -= 1
    return first


cdef Held* neighbor_take(Neighbors* neighbors, uint32_t number) noexcept nogil:
    cdef Held* held = unlink_held(&neighbors.neighbors[number])
    if held != NULL:
        neighbors.held_octets -= <uint32_t>sizeof(Held) + held.frame.length
        neighbors.head.counters.held -= 1
    return held


cdef void neighbor_hold(Neighbors* neighbors, uint32_t number, const Frame* frame, uint16_t interface, uint32_t largest,
                        bint ours) noexcept nogil:
    cdef Neighbor* neighbor = &neighbors.neighbors[number]
    cdef uint32_t octets = <uint32_t>sizeof(Held) + frame.length
    cdef Held* held
    cdef uint8_t* data
    if neighbor.waiting == WAITING_MAX:
        held = neighbor_take(neighbors, number)
        drop(neighbors.head, &held.frame, NEIGHBOR_QUEUE)
        free(held)
    held = NULL
    if neighbors.held_octets + octets <= HELD_OCTETS:
        held = <Held*>malloc(octets)
    if held == NULL:
        drop(neighbors.head, <Frame*>frame, NEIGHBOR_QUEUE)
        return
    data = <uint8_t*>(held + 1)
    held.frame = frame[0]
    memcpy(data, frame.data, frame.head)
    if frame.tail != NULL:
        memcpy(data + frame.head, frame.tail, frame.length - frame.head)
    held.frame.data = data
    held.frame.tail = NULL
    held.frame.head = frame.length
    held.frame.room = 0
    held.interface = interface
    held.largest = largest
    held.ours = ours
    if neighbor.last == NULL:
        held.next = held
    else:
        held.next = neighbor.last.next
        neighbor.last.next = held
    neighbor.last = held
    neighbor.waiting += 1
    neighbors.held_octets += octets
    neighbors.head.counters.held += 1
