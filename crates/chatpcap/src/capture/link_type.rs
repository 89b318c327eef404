//! Link types: what the first octet of a frame belongs to.

use std::borrow::Cow;

/// A link type by its `LINKTYPE_` value.
///
/// Bits above the lowest 16 of a capture's field (length of a frame check sequence) are not included.
///
/// # Source
/// <https://www.tcpdump.org/linktypes.html>
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkType(pub u32);

impl LinkType {
    /// BSD loopback: the address family in the host order of the capturing host.
    pub const NULL: Self = Self(0);
    /// Ethernet II and IEEE 802.3, without preamble.
    pub const ETHERNET: Self = Self(1);
    /// IEEE 802.5 Token Ring.
    pub const IEEE802_5: Self = Self(6);
    /// PPP, with or without HDLC address and control.
    pub const PPP: Self = Self(9);
    /// FDDI.
    pub const FDDI: Self = Self(10);
    /// Raw IP, as some systems number it in their files.
    pub const RAW_12: Self = Self(12);
    /// Raw IP, as `OpenBSD` numbers it in its files.
    pub const RAW_14: Self = Self(14);
    /// PPP in HDLC framing.
    pub const PPP_HDLC: Self = Self(50);
    /// PPP over Ethernet sessions, without the Ethernet header.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IP: the version is in the first half octet.
    pub const RAW_101: Self = Self(101);
    /// Cisco HDLC.
    pub const CHDLC: Self = Self(104);
    /// IEEE 802.11.
    pub const IEEE802_11: Self = Self(105);
    /// Frame Relay.
    pub const FRAME_RELAY: Self = Self(107);
    /// `OpenBSD` loopback: the address family in network order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// IEEE 802.11 behind a radiotap header.
    pub const RADIOTAP: Self = Self(127);
    /// IPv4 without a link layer.
    pub const IPV4: Self = Self(228);
    /// IPv6 without a link layer.
    pub const IPV6: Self = Self(229);
    /// D-Bus messages, which may be 128 MiB long.
    pub const DBUS: Self = Self(231);
    /// Packets logged by Linux's netfilter.
    pub const NFLOG: Self = Self(239);
    /// IP over `InfiniBand`.
    pub const IPOIB: Self = Self(242);
    /// USB, as `USBPcap` writes it.
    pub const USBPCAP: Self = Self(249);
    /// Linux cooked capture, version 2: what `tcpdump -i any` writes.
    pub const LINUX_SLL2: Self = Self(276);
    /// Elektrobit high speed capture and replay.
    pub const EBHSCR: Self = Self(279);

    /// No packet at all: a record that counts as a frame and holds something else.
    ///
    /// Not a `LINKTYPE_` value; no capture can claim it, for those have 16 bits.
    pub const NO_PACKET: Self = Self(u32::MAX);

    /// The link type of a field of a capture, whose upper bits say other things.
    pub(super) const fn from_field(field: u32) -> Self {
        Self(field & 0xffff)
    }

    /// The name that tcpdump and libpcap give it (`EN10MB`), or `LINKTYPE_n`.
    pub fn name(self) -> Cow<'static, str> {
        if self == Self::NO_PACKET {
            return Cow::Borrowed("NO_PACKET");
        }
        let mut words = NAMES.split_ascii_whitespace();
        while let (Some(value), Some(name)) = (words.next(), words.next()) {
            if value.parse() == Ok(self.0) {
                return Cow::Borrowed(name);
            }
        }
        Cow::Owned(format!("LINKTYPE_{}", self.0))
    }

    /// The most octets that a frame may hold before its length is taken for damage.
    ///
    /// As Wireshark and libpcap decide, except that those let the three long ones have 128 MiB.
    pub(super) const fn captured_limit(self) -> u32 {
        match self {
            Self::DBUS | Self::USBPCAP | Self::EBHSCR => 16 << 20,
            _ => 256 << 10,
        }
    }
}

/// Value and name in turn, by value.
const NAMES: &str = "
    0 NULL 1 EN10MB 3 AX25 6 IEEE802 7 ARCNET 8 SLIP 9 PPP 10 FDDI 11 ATM_RFC1483 12 RAW 14 RAW
    50 PPP_SERIAL 51 PPP_ETHER 99 SYMANTEC_FIREWALL 100 ATM_RFC1483 101 RAW 104 C_HDLC 105 IEEE802_11
    106 ATM_CLIP 107 FRELAY 108 LOOP 109 ENC 112 C_HDLC 113 LINUX_SLL 114 LTALK 117 PFLOG
    119 PRISM_HEADER 122 IP_OVER_FC 123 SUNATM 127 IEEE802_11_RADIO 129 ARCNET_LINUX 130 JUNIPER_MLPPP
    131 JUNIPER_MLFR 132 JUNIPER_ES 133 JUNIPER_GGSN 134 JUNIPER_MFR 135 JUNIPER_ATM2
    136 JUNIPER_SERVICES 137 JUNIPER_ATM1 138 APPLE_IP_OVER_IEEE1394 139 MTP2_WITH_PHDR 140 MTP2
    141 MTP3 142 SCCP 143 DOCSIS 144 LINUX_IRDA 163 IEEE802_11_RADIO_AVS 164 JUNIPER_MONITOR
    165 BACNET_MS_TP 166 PPP_PPPD 167 JUNIPER_PPPOE 168 JUNIPER_PPPOE_ATM 169 GPRS_LLC 170 GPF_T
    171 GPF_F 174 JUNIPER_PIC_PEER 175 ERF_ETH 176 ERF_POS 177 LINUX_LAPD 178 JUNIPER_ETHER
    179 JUNIPER_PPP 180 JUNIPER_FRELAY 181 JUNIPER_CHDLC 182 MFR 183 JUNIPER_VP 184 A429 185 A653_ICM
    186 USB_FREEBSD 187 BLUETOOTH_HCI_H4 188 IEEE802_16_MAC_CPS 189 USB_LINUX 190 CAN20B
    191 IEEE802_15_4_LINUX 192 PPI 193 IEEE802_16_MAC_CPS_RADIO 194 JUNIPER_ISM 195 IEEE802_15_4
    196 SITA 197 ERF 198 RAIF1 199 IPMB_KONTRON 200 JUNIPER_ST 201 BLUETOOTH_HCI_H4_WITH_PHDR
    202 AX25_KISS 209 IPMB_LINUX 215 IEEE802_15_4_NONASK_PHY 216 LINUX_EVDEV 219 MPLS
    220 USB_LINUX_MMAPPED 221 DECT 222 AOS 223 WIHART 224 FC_2 225 FC_2_WITH_FRAME_DELIMS 226 IPNET
    227 CAN_SOCKETCAN 228 IPV4 229 IPV6 230 IEEE802_15_4_NOFCS 231 DBUS 232 JUNIPER_VS
    233 JUNIPER_SRX_E2E 234 JUNIPER_FIBRECHANNEL 235 DVB_CI 236 MUX27010 237 STANAG_5066_D_PDU
    238 JUNIPER_ATM_CEMIC 239 NFLOG 240 NETANALYZER 241 NETANALYZER_TRANSPARENT 242 IPOIB
    243 MPEG_2_TS 244 NG40 245 NFC_LLCP 246 PFSYNC 247 INFINIBAND 248 SCTP 249 USBPCAP
    250 RTAC_SERIAL 251 BLUETOOTH_LE_LL 253 NETLINK 254 BLUETOOTH_LINUX_MONITOR 255 BLUETOOTH_BREDR_BB
    256 BLUETOOTH_LE_LL_WITH_PHDR 257 PROFIBUS_DL 258 PKTAP 259 EPON 260 IPMI_HPM_2 261 ZWAVE_R1_R2
    262 ZWAVE_R3 263 WATTSTOPPER_DLM 264 ISO_14443 265 RDS 266 USB_DARWIN 267 OPENFLOW 268 SDLC
    269 TI_LLN_SNIFFER 271 VSOCK 272 NORDIC_BLE 273 DOCSIS31_XRA31 274 ETHERNET_MPACKET
    275 DISPLAYPORT_AUX 276 LINUX_SLL2 278 OPENVIZSLA 279 EBHSCR 280 VPP_DISPATCH 281 DSA_TAG_BRCM
    282 DSA_TAG_BRCM_PREPEND 283 IEEE802_15_4_TAP 284 DSA_TAG_DSA 285 DSA_TAG_EDSA 286 ELEE
    287 Z_WAVE_SERIAL 288 USB_2_0 289 ATSC_ALP
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |link_type: LinkType, expected: &str| assert_eq!(link_type.name(), expected);
        check(LinkType::NULL, "NULL");
        check(LinkType::ETHERNET, "EN10MB");
        check(LinkType::RAW_101, "RAW");
        check(LinkType::LINUX_SLL2, "LINUX_SLL2");
        check(LinkType(289), "ATSC_ALP");
        check(LinkType(290), "LINKTYPE_290");
        check(LinkType::NO_PACKET, "NO_PACKET");
    }

    #[test]
    fn a_frame_check_sequence_is_no_part_of_the_link_type() {
        assert_eq!(LinkType::from_field(0x1400_0001), LinkType::ETHERNET);
    }
}
