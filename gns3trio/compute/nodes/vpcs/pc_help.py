"""The help texts of a built-in PC, which say of each command what it takes. Sans-IO.

They have the words and the shape of those that VPCS 0.8.3 prints (Copyright (c) 2007-2015, Paul Meng, BSD licence),
so that who knows one knows the other; what a built-in PC does not have is left out.
"""

import re

_MARKED = re.compile(r"\*\*(?P<bold>.+?)\*\*|__(?P<underlined>.+?)__")

# In ** what is typed as it stands, in __ what stands for something else.
_TEXTS = {
    "": """\
**?**                        Print help
**arp**                        Shortcut for: **show arp**. Show arp table
**clear** __ARG__                Clear IPv4/IPv6, arp/neighbor cache, command history
**dhcp** [__OPTION__]            Shortcut for: **ip dhcp**. Get IPv4 address via DHCP
**disconnect**               Exit the telnet session
**echo** __TEXT__                Display __TEXT__ in output. See also  **set echo ?**
**help**                     Print help
**history**                  Shortcut for: **show history**. List the command history
**ip** __ARG__ ... [__OPTION__]      Configure the current VPC's IP settings. See **ip ?**
**load** [__FILENAME__]          Load the configuration/script from the file __FILENAME__
**ping** __HOST__ [__OPTION__ ...]   Ping __HOST__ with ICMP (default) or TCP/UDP. See **ping ?**
**quit**                     Stop the node
**save** [__FILENAME__]          Save the configuration to the file __FILENAME__
**set** __ARG__ ...              Set VPC name and other options. Try **set ?**
**show** [__ARG__ ...]           Print the information of VPCs (default). See **show ?**
**sleep** [__seconds__] [TEXT]   Print TEXT and pause running script for __seconds__
**trace** __HOST__ [__OPTION__ ...]  Print the path packets take to network __HOST__
**traffic** __HOST__ [__OPTION__ ...]  Send UDP at a rate and measure it. See **traffic ?**
**version**                  Shortcut for: **show version**

To get command syntax help, please enter '**?**' as an argument of the command.""",
    "clear": """\
**clear** **ip**|**ipv6**|**arp**|**neighbor**|**hist**
  Clear ip/ipv6 address, arp/neighbor table, command history.""",
    "dhcp": """\
**ip dhcp** [__OPTION__]
  Attempt to obtain IPv4 address, mask, gateway and DNS via DHCP
  OPTION:
    **-d**         Show DHCP packet decode
    **-r**         Renew DHCP lease
    **-x**         Release DHCP lease""",
    "disconnect": """\
**disconnect**
  Exit the telnet session""",
    "help": """\
**help**, Print help. Use __COMMAND__ **?** or **COMMAND** __ARG__ **?** for more help""",
    "ip": """\
**ip** __ARG__ ... [__OPTION__]
  Configure the current VPC's IP settings
    ARG ...:
    __address__ [__mask__] [__gateway__]
    __address__ [__gateway__] [__mask__]
                   Set the VPC's ip, default gateway ip and network mask
                   Default IPv4 mask is /24, IPv6 is /64. Example:
                   **ip 10.1.1.70/26 10.1.1.65** set the VPC's ip to 10.1.1.70,
                   the gateway to 10.1.1.65, the netmask to 255.255.255.192.
                   __mask__ may be written as /26, 26 or 255.255.255.192
    **auto**           Attempt to obtain IPv6 address, mask and gateway using SLAAC
    **dhcp** [__OPTION__]  Attempt to obtain IPv4 address, mask, gateway, DNS via DHCP
          **-d**         Show DHCP packet decode
          **-r**         Renew DHCP lease
          **-x**         Release DHCP lease
    **dns** __ip__         Set DNS server __ip__, delete if __ip__ is '0'
    **dns6** __ipv6__      Set DNS server __ipv6__, delete if __ipv6__ is '0'
    **domain** __NAME__    Set local domain name to __NAME__""",
    "ip dns": """\
**ip [dns | dns6]** __ip__
  Set DNS server __ip__, delete if __ip__ is '0'.""",
    "ip domain": """\
**ip domain** __name__
  Sets local domain name. 
  If there's no '.' in the host name: the name is assumed within the local
  domain, it is a short name relative to the local domain. The resolver
  will append the local domain name to the hostname to resolve it.""",
    "load": """\
**load** [__FILENAME__[.vpc]]
  Load the configuration/script from the file __FILENAME__. If __FILENAME__ ends with
  '.vpc', then the '.vpc' can be omitted. If __FILENAME__ is omitted then 
  __startup.vpc__ will be loaded if it exists. When the file is loaded, each
  line of the file is executed as a VPCS command. If the state of the echo flag
  is on, the command will be echoed to the console before execution, except: 
  * If the command is prefixed with a '@' symbol (eg **@set echo color red**);
  * If the command is an echo command;
  * If the command is a sleep command 
    Note: The command **sleep 0** will be echoed if the echo flag is on
  See **set echo** and **show echo**

  Note: Press Ctrl+C to interrupt the running script.""",
    "ping": """\
**ping** __HOST__ [__OPTION__ ...]
  Ping the network __HOST__. __HOST__ can be an ip address or name
    Options:
     **-1**             ICMP mode, default
     **-2**             UDP mode
     **-3**             TCP mode
     **-c** __count__       Packet count, default 5
     **-D**             Set the Don't Fragment bit
     **-f** __FLAG__        Tcp header FLAG |**C**|**E**|**U**|**A**|**P**|**R**|**S**|**F**|
                               bits |7 6 5 4 3 2 1 0|
     **-i** __ms__          Wait __ms__ milliseconds between sending each packet
     **-l** __size__        Data size
     **-P** __protocol__    Use IP __protocol__ in ping packets
                      **1** - ICMP (default), **17** - UDP, **6** - TCP
     **-p** __port__        Destination port
     **-s** __port__        Source port
     **-T** __ttl__         Set __ttl__, default 64
     **-t**             Send packets until interrupted by Ctrl+C
     **-w** __ms__          Wait __ms__ milliseconds to receive the response

  Notes: 1. Using names requires DNS to be set.
         2. Use Ctrl+C to stop the command.""",
    "quit": """\
**quit**
  Stop the node""",
    "save": """\
**save** [__FILENAME__[.vpc]]
  Save the configuration to the file __FILENAME.vpc__. If there is no '.' in
  __FILENAME__ then a '.vpc' extension is added. If __FILENAME__ is omitted then the
  configuration will be saved to __startup.vpc__""",
    "set": """\
**set** __ARG__ ...
  Set hostname, maximum transmission unit and echo options
    ARG:
    **echo** **on**|**off**|__color__ ...    Set echoing options. See **set echo ?**
    **mtu** __value__                Set the maximum transmission unit of the interface
    **pcname** __NAME__              Set the hostname of the current VPC to __NAME__""",
    "set echo": """\
**set echo** **on**|**off**|[**color** **clear**|__FGCOLOR__ [__BGCOLOR__]]
  Sets the state of the echo flag used when executing script files,
  or sets the color of text to __FGCOLOR__ with optional __BGCOLOR__
  Color list: black, red, green, yellow, blue, magenta, cyan, white
  See **load ?**.""",
    "set mtu": """\
**set mtu** __value__
  Set the maximum transmission unit of the interface, at least 576.""",
    "show": """\
**show** [__ARG__]
  Show information for ARG
    ARG:
       **arp**                Show arp table
       **dump**               Show dump flags 
       **echo**               Show the status of the echo flag. See **set echo ?**
       **history**            List the command history
       **ip** [**all**]           Show IPv4 details
                          Shows VPC Name, IP address, mask, gateway, DNS, MAC, 
                          lport, rhost:rport and MTU
       **ipv6** [**all**]         Show IPv6 details
                          Shows VPC Name, IPv6 addresses/mask, gateway, MAC,
                          lport, rhost:rport and MTU
       **version**            Show the version information

  Notes: 
  1. If no parameter is given, the key information of the current VPC will be
     displayed
  2. If 'all' parameter is given for **ip**/**ipv6** a reduced view in tablular
     format will be displayed.""",
    "show arp": """\
**show arp**
  Show arp table""",
    "show dump": """\
**show dump**
  Show dump flags""",
    "show ip": """\
**show ip** [**all**]
  Show IPv4 details for including:
  VPC Name, IP address, mask, gateway, DNS, MAC, lport, rhost:rport and MTU.
  (reduced view in tablular format if 'all' option used)""",
    "show ipv6": """\
**show ipv6** [**all**]
  Show IPv6 details, including:
  VPC Name, IPv6 addresses/mask, router link-layer, MAC, lport, rhost:rport and
  MTU (reduced view in tablular format if 'all' option used)""",
    "sleep": """\
**sleep** [__seconds__] [__text__]
  Print __text__ and pause execution of script for __time__ seconds.
  If __seconds__ is zero or missing, pause until a key is pressed. 
  Default text when no parameters given: 'Press any key to continue'
  See **load** [__filename__]""",
    "trace": """\
**trace** __HOST__ [__OPTION__ ...]
  Print the path packets take to the network __HOST__. __HOST__ can be an ip address or
  name.
    Options:
      **-P** __protocol__    Use IP __protocol__ in trace packets
                       **1** - icmp, **17** - udp (default), **6** - tcp
      **-m** __ttl__         Maximum __ttl__, default 8

  Notes: 1. Using names requires DNS to be set.
         2. Use Ctrl+C to stop the command.""",
    "traffic": """\
**traffic** __HOST__ [__OPTION__ ...]
**traffic** **sink**
  Send UDP datagrams to __HOST__ at a rate, and tell what arrives there: loss, order
  and times. __HOST__ can be an ip address or name. With **sink**, count what others
  send to this PC, until Ctrl+C is pressed. Who sends gets the counts in the end.
    Options:
      **-r** __rate__        Packets per second, default 1000. With **k**, **M** or **G**: bits
                       per second of UDP data, such as **-r 10M**
      **-s** __size__        Bytes of UDP data in each packet, 48 to 65507, default 512
      **-t** __seconds__     How long to send, default 10
      **-c** __count__       Stop after so many packets
      **-b** __count__       Send so many packets at one go, at the same rate on the whole
      **-e**             The receiver sends everything back: measure round trips
      **-p** __port__        Destination port, default 7, which echoes

  Notes: 1. Using names requires DNS to be set.
         2. Use Ctrl+C to stop the command.""",
}
_TEXTS["ip dhcp"] = _TEXTS["dhcp"]
_TEXTS["ip dns6"] = _TEXTS["ip dns"]
_TEXTS["arp"] = _TEXTS["show arp"]


def help_on(*words: str) -> str:
    """The help on a command and its first argument; on the command where that has none of its own."""
    text = _TEXTS.get(" ".join(words[:2])) or _TEXTS[words[0] if words else ""]
    return f"\n{_MARKED.sub(_in_sequences, text)}\n"


def bold(text: str) -> str:
    """The text in bold type."""
    return f"\x1b[1m{text}\x1b[0m"


def _in_sequences(marked: re.Match[str]) -> str:
    text = marked["underlined"]
    return bold(marked["bold"]) if text is None else f"\x1b[4m{text}\x1b[0m"
