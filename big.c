#define _GNU_SOURCE
#include "test_calls.h"
/* A full batch of the largest frames gets a tag at a trunk with a delay. */
int main(void){
 static unsigned char frame[ROOM];
 bed b=open_bed(2);
 int s=udpfwd_bridge_open(b.core,UDPFWD_SWITCH);
 CHECK(udpfwd_bridge_join(b.core,s,b.ends[0].port,UDPFWD_ACCESS,10,0)==0);
 CHECK(udpfwd_bridge_join(b.core,s,b.ends[1].port,UDPFWD_DOT1Q,1,0)==0);
 const udpfwd_filter d={UDPFWD_FILTER_DELAY,BOTH,{1000},NULL};
 set_filters(&b,1,&d,1,1);
 make_frame(frame,1,ALL,0);
 for(int i=64;i<ROOM;i++)frame[i]=i;
 feed(&b,0,frame,ROOM,UDPFWD_BATCH_FRAMES);
 printf("held %u\n",port_of(&b,1)->counters.tx_held);
 worker*w=port_of(&b,1)->worker; w->now_ns=UINT64_MAX/2; release_due(w);
 printf("sent %lu drops over %lu\n",(unsigned long)port_of(&b,1)->counters.tx_frames,(unsigned long)drops_at(&b,1,UDPFWD_DROP_OVERSIZE));
 close_bed(&b);puts("ok");return 0;}
